//! The parser's messages in plain words.

/// The parser's message for people who do not know its grammar.
pub(super) fn in_words(info: &str) -> String {
    let words = match info {
        "mapping values are not allowed in this context" => {
            "a second `:` in one line, or a key deeper than the value before it; \
             put the value in quotes or align the key with the ones above"
        }
        "while parsing a block mapping, did not find expected key" => {
            "a key was expected; this line's indentation fits none of the mappings around it"
        }
        "while parsing a block collection, did not find expected '-' indicator" => {
            "an item starting with `- ` was expected; check this line's indentation"
        }
        "block sequence entries are not allowed in this context"
        | "\"-\" is only valid inside a block" => {
            "a list item `- ` cannot stand here; start it on a line of its own"
        }
        "simple key expect ':'" | "simple key expected" => "a `:` was expected after the key",
        "while scanning a quoted scalar, found unexpected end of stream" | "unexpected eof" => {
            "a quote that opens here is never closed"
        }
        "invalid trailing content after double-quoted scalar" => {
            "text follows a closing quote; put the whole value in quotes"
        }
        "while parsing a flow sequence, expected ',' or ']'" => "`,` or `]` was expected",
        "while parsing a flow mapping, did not find expected ',' or '}'" => {
            "`,` or `}` was expected"
        }
        "while scanning a quoted scalar, found unexpected document indicator" => {
            "a quote is still open where the next document starts; close it"
        }
        "while parsing a quoted scalar, found unknown escape character" => {
            "an unknown escape after `\\` in double quotes; use single quotes or double the backslash"
        }
        "illegal placement of ':' indicator" => {
            "`:` cannot stand here; a bracket or quote above may not be closed"
        }
        "misplaced bracket" => "a closing bracket without its opening one",
        "wrongly indented line in block scalar"
        | "invalid indentation in quoted scalar"
        | "invalid indentation" => {
            "this line of a text is indented less than the text's first line"
        }
        "invalid indentation in flow construct" => {
            "a line inside of brackets must be indented deeper than the key it belongs to"
        }
        "comments must be separated from other tokens by whitespace" => {
            "a comment `#` needs a space before it"
        }
        "while parsing a node, did not find expected node content" => {
            "a value was expected; a bracket or quote above may not be closed"
        }
        "recursion limit exceeded" => "brackets are nested too deeply",
        _ => "",
    };
    if words.is_empty() {
        format!("this is not valid YAML: {}", info.replace("`%'", "`%`"))
    } else {
        format!("this is not valid YAML: {words}")
    }
}
