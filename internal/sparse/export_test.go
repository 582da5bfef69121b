package sparse

// SortEntries sorts as Tally does.
func SortEntries(row []Entry) { sortEntries(row) }
