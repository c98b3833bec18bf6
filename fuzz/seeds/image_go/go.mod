module a
require (
	b.org/c v1.0.0 // indirect
)
replace b.org/c => ./c
