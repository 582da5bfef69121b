// Package accounts is who a shop's customers are: sign-up with an address of theirs that is verified, log-in, sessions,
// postal addresses, and the way out, which takes everything along.
//
//	db, err := database.Open(ctx, "shop.db", accounts.Migrations())
//	people, err := accounts.Open(ctx, accounts.Options{DB: db, Sessions: store.NewMemoryCache(store.MemoryCacheOptions{}), Mail: mailbox})
//	err = people.SignUp(ctx, "ann@example.org", "Ann", password)   // mail with a link
//	account, err := people.Verify(ctx, token)                      // of the link
//	account, err = people.LogIn(ctx, "ann@example.org", password, remoteAddress)
//	token, err = people.StartSession(ctx, account.ID)              // for a cookie
//
// Passwords are kept as argon2id hashes, links of mails and tokens of sessions as SHA-256 sums. Accounts are in SQL,
// sessions in a store.Cache, which may be shared by several processes. Nothing here tells a stranger whether an address
// has an account: SignUp and RequestReset say the same either way, and LogIn takes as long for one as for the other.
//
// # Caveats
//
// Failed log-ins are counted in the process: of several processes, each allows as many. A cache that loses a session logs
// its owner out.
package accounts

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goldrec/gold/examples/shop/database"
	"github.com/goldrec/gold/store"
)

// Bounds of what people say of themselves, in bytes.
const (
	PasswordMin = 12
	PasswordMax = 128
	NameMax     = 80
	emailMax    = 254

	verifyAge = 24 * time.Hour
	resetAge  = time.Hour
)

var (
	// ErrCredentials says that there is no account of the address, or that the password is not its own.
	ErrCredentials = errors.New("accounts: the e-mail address or the password is not right")
	// ErrUnverified says that the password is right, and the address was never verified. A new link has been sent.
	ErrUnverified = errors.New("accounts: the e-mail address is not verified yet")
	// ErrThrottled says that too many log-ins have failed lately.
	ErrThrottled = errors.New("accounts: too many failed attempts; wait a quarter of an hour")
	// ErrLink says that the link of a mail has been used, is too old, or was never sent.
	ErrLink = errors.New("accounts: the link has been used or is too old")
	// ErrInvalid says what cannot be accepted.
	ErrInvalid = errors.New("accounts: invalid")
)

// Account is a customer.
type Account struct {
	ID      string    `json:"id"` // as in Interaction.User
	Email   string    `json:"email"`
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
}

// Options say what accounts stand on. Now may be nil; everything else is required.
type Options struct {
	DB       *database.DB // opened with Migrations
	Sessions store.Cache
	Mail     Mailer
	Now      func() time.Time
}

// Accounts are a shop's. It is safe for concurrent use.
type Accounts struct {
	db       *database.DB
	sessions store.Cache
	mail     Mailer
	now      func() time.Time
	hashing  chan struct{} // one for each hash that is made at a time
	dummy    string        // the hash that is compared with when there is no account
	throttle throttle
}

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the tables that Options.DB is opened with.
func Migrations() database.Migrations {
	return database.Migrations{Name: "accounts", Files: migrations}
}

// Open makes accounts that are kept in a database. It hashes once.
func Open(ctx context.Context, o Options) (*Accounts, error) {
	a := &Accounts{
		db: o.DB, sessions: o.Sessions, mail: o.Mail, now: o.Now, hashing: make(chan struct{}, hashesMax),
		throttle: throttle{failed: map[string]failures{}},
	}
	if a.now == nil {
		a.now = time.Now
	}
	var err error
	a.dummy, err = a.hash(ctx, rand.Text())
	return a, err
}

// SignUp makes an account that can be used once its address is verified, and sends the link for that. When the address
// has an account already, its owner is told so by mail, and the caller is not.
func (a *Accounts) SignUp(ctx context.Context, email, name, password string) error {
	email, err := normal(email)
	if err != nil {
		return err
	}
	name = strings.TrimSpace(name)
	if name == "" || len(name) > NameMax || !utf8.ValidString(name) {
		return fmt.Errorf("%w: a name has 1 to %d bytes", ErrInvalid, NameMax)
	}
	if err := checkPassword(password); err != nil {
		return err
	}
	hash, err := a.hash(ctx, password) // before it is known whether it is needed
	if err != nil {
		return err
	}
	id := "u-" + strings.ToLower(rand.Text())
	result, err := a.db.Exec(ctx, `INSERT INTO accounts (id, email, name, password, created) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (email) DO NOTHING`, id, email, name, hash, database.Nanos(a.now()))
	if err != nil {
		return fmt.Errorf("accounts: sign up: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, a.mail.Send(ctx, Mail{To: email, Subject: "You have an account already",
			Text: "Somebody, perhaps you, wanted to sign up with this address. It has an account: log in, or choose a new password.",
			Link: "/login"}))
	}
	return a.sendVerification(ctx, id, email)
}

func (a *Accounts) sendVerification(ctx context.Context, id, email string) error {
	token, err := a.link(ctx, id, "verify", verifyAge)
	if err != nil {
		return err
	}
	return a.mail.Send(ctx, Mail{To: email, Subject: "Is this your address?",
		Text: "Follow the link within a day, and your account is open. Was it not you? Then do nothing.", Link: "/verify?token=" + token})
}

// Verify opens the account of a link that SignUp sent. A link works once.
func (a *Accounts) Verify(ctx context.Context, token string) (Account, error) {
	id, err := a.follow(ctx, token, "verify")
	if err != nil {
		return Account{}, err
	}
	if _, err := a.db.Exec(ctx, `UPDATE accounts SET verified = 1 WHERE id = $1`, id); err != nil {
		return Account{}, fmt.Errorf("accounts: verify: %w", err)
	}
	return a.Get(ctx, id)
}

// LogIn finds the account of an address and a password. The remote address is counted by when it fails.
func (a *Accounts) LogIn(ctx context.Context, email, password, remote string) (Account, error) {
	email, err := normal(email)
	if err != nil || len(password) > PasswordMax {
		return Account{}, ErrCredentials
	}
	if !a.throttle.begin(a.now(), email, remote) {
		return Account{}, ErrThrottled
	}
	var account Account
	hash, verified, created := a.dummy, int64(0), int64(0)
	err = a.db.QueryRow(ctx, `SELECT id, email, name, password, verified, created FROM accounts WHERE email = $1`, email).
		Scan(&account.ID, &account.Email, &account.Name, &hash, &verified, &created)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Account{}, fmt.Errorf("accounts: log in: %w", err)
	}
	same, err := a.matches(ctx, password, hash)
	switch {
	case err != nil:
		return Account{}, err
	case !same || account.ID == "":
		return Account{}, ErrCredentials
	}
	a.throttle.succeeded(email, remote)
	if verified == 0 {
		return Account{}, errors.Join(ErrUnverified, a.sendVerification(ctx, account.ID, account.Email))
	}
	account.Created = database.Time(created)
	return account, nil
}

// RequestReset sends a link for a new password, if there is an account of the address.
func (a *Accounts) RequestReset(ctx context.Context, email string) error {
	email, err := normal(email)
	if err != nil {
		return err
	}
	var id string
	err = a.db.QueryRow(ctx, `SELECT id FROM accounts WHERE email = $1`, email).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("accounts: request reset: %w", err)
	}
	token, err := a.link(ctx, id, "reset", resetAge)
	if err != nil {
		return err
	}
	return a.mail.Send(ctx, Mail{To: email, Subject: "A new password",
		Text: "Follow the link within an hour to choose one. Was it not you? Then do nothing: the old one stays.", Link: "/reset?token=" + token})
}

// Reset sets the password of a link that RequestReset sent, and ends every session of the account.
func (a *Accounts) Reset(ctx context.Context, token, password string) error {
	if err := checkPassword(password); err != nil {
		return err
	}
	hash, err := a.hash(ctx, password)
	if err != nil {
		return err
	}
	id, err := a.follow(ctx, token, "reset")
	if err != nil {
		return err
	}
	if _, err := a.db.Exec(ctx, `UPDATE accounts SET password = $1, verified = 1 WHERE id = $2`, hash, id); err != nil {
		return fmt.Errorf("accounts: reset: %w", err)
	}
	return a.sessions.Drop(ctx, id)
}

// Get returns an account, or ErrCredentials when there is none.
func (a *Accounts) Get(ctx context.Context, id string) (Account, error) {
	account, created := Account{ID: id}, int64(0)
	err := a.db.QueryRow(ctx, `SELECT email, name, created FROM accounts WHERE id = $1`, id).Scan(&account.Email, &account.Name, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, ErrCredentials
	}
	if err != nil {
		return Account{}, fmt.Errorf("accounts: get: %w", err)
	}
	account.Created = database.Time(created)
	return account, nil
}

// Delete removes an account with all that belongs to it here: addresses, cart, links, sessions.
func (a *Accounts) Delete(ctx context.Context, id string) error {
	if err := a.sessions.Drop(ctx, id); err != nil {
		return fmt.Errorf("accounts: delete: %w", err)
	}
	if _, err := a.db.Exec(ctx, `DELETE FROM accounts WHERE id = $1`, id); err != nil { // and what refers to it
		return fmt.Errorf("accounts: delete: %w", err)
	}
	return nil
}

// normal is an e-mail address as accounts are found by.
func normal(email string) (string, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > emailMax || strings.ContainsAny(email, "\r\n") {
		return "", fmt.Errorf("%w: that is not an e-mail address", ErrInvalid)
	}
	return email, nil
}
