package main

import "flag"

// torture makes the tests under fire take every case instead of some.
var torture = flag.Bool("torture", false, "take every request, fault and moment instead of some")
