package accounts

import (
	"context"
	"slices"
	"sync"
)

// Mail is what an account's owner is sent.
type Mail struct {
	To, Subject, Text string
	Link              string // a path of the shop, which the sender puts the shop's address before
}

// Mailer sends mail. Implementations are safe for concurrent use.
type Mailer interface {
	Send(ctx context.Context, m Mail) error
}

// Mailbox is the Mailer of a demonstration: it keeps the newest hundred, for a page that shows them to whoever asks.
type Mailbox struct {
	mu    sync.Mutex
	mails []Mail
}

const mailsMax = 100

// Send implements Mailer.
func (b *Mailbox) Send(_ context.Context, m Mail) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mails = append(b.mails, m)
	b.mails = b.mails[max(0, len(b.mails)-mailsMax):]
	return nil
}

// Mails returns what was sent, the newest first.
func (b *Mailbox) Mails() []Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	mails := slices.Clone(b.mails)
	slices.Reverse(mails)
	return mails
}

// Forget removes what was sent to an address.
func (b *Mailbox) Forget(email string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mails = slices.DeleteFunc(b.mails, func(m Mail) bool { return m.To == email })
}
