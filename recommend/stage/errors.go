package stage

import "errors"

// ErrInvalid says that a stage's or source's fields make no sense.
var ErrInvalid = errors.New("stage: invalid")
