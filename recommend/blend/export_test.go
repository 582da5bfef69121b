package blend

import "github.com/goldrec/gold/recommend/model"

// Withheld data and truth as Fit makes them, and what it costs at most.
func Hide(data *model.Dataset, seed uint64) (*model.Dataset, []Withheld) { return withhold(data, seed) }

const (
	SliceUsers  = sliceUsers
	ExamplesMax = examplesMax
	FitFew      = fitFew
)
