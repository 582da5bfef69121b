package accounts

// OccupyHashing takes all turns of making hashes, and never gives them back.
func (a *Accounts) OccupyHashing() {
	for range hashesMax {
		a.hashing <- struct{}{}
	}
}
