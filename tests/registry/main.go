// A registry for tests: that of go-containerregistry, which `crane registry serve` runs too, here
// with its referrers API turned on. It keeps what is pushed in memory.
package main

import (
	"flag"
	"io"
	"log"
	"net/http"
	"os"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	address := flag.String("address", "127.0.0.1:0", "where to listen")
	flag.Parse()
	// A test that is killed leaves nothing behind: its end of the pipe closes.
	if os.Getenv("PLIMSOLL_REGISTRY_LIFELINE") == "stdin" {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(0)
		}()
	}
	handler := registry.New(registry.WithReferrersSupport(true))
	log.Fatal(http.ListenAndServe(*address, handler))
}
