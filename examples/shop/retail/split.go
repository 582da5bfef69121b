package retail

import (
	"slices"

	"github.com/goldrec/gold/store"
)

// Split parts the log for a test: the earlier four fifths of each customer's invoices, rounded to the nearest whole
// number, are for training, the later ones for the test. So a customer with one or two invoices is all in training.
// Both parts are the oldest first.
func (d *Data) Split() (train, test []store.Interaction) {
	// The log is in the order of time, so invoices first appear in it in theirs.
	invoices := map[string][]string{}
	for i := range d.Interactions {
		in := &d.Interactions[i]
		if !slices.Contains(invoices[in.User], in.Session) {
			invoices[in.User] = append(invoices[in.User], in.Session)
		}
	}
	early := map[string]bool{}
	for user, all := range invoices {
		for _, invoice := range all[:(len(all)*8+5)/10] {
			early[user+"\x00"+invoice] = true
		}
	}
	for _, in := range d.Interactions {
		if early[in.User+"\x00"+in.Session] {
			train = append(train, in)
		} else {
			test = append(test, in)
		}
	}
	return train, test
}
