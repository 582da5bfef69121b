package accounts

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/goldrec/gold/store"
)

// How long sessions and tokens live.
const (
	SessionAge = 24 * time.Hour
	AccessAge  = 15 * time.Minute
	refreshAge = 24 * time.Hour
)

// The kinds of secrets, which stand before their sums as keys in the cache.
const (
	session = "session/"
	access  = "access/"
	refresh = "refresh/"
)

// StartSession makes a session that lasts SessionAge, and returns its token for a cookie. Each log-in gets a new one, so
// that nobody can have put it there before.
func (a *Accounts) StartSession(ctx context.Context, id string) (token string, err error) {
	return a.issue(ctx, id, session, SessionAge)
}

// Session returns the account of a token of a session, or ErrCredentials.
func (a *Accounts) Session(ctx context.Context, token string) (Account, error) {
	return a.check(ctx, token, session)
}

// EndSession ends the session of a token. One that has ended, or never was, is no error.
func (a *Accounts) EndSession(ctx context.Context, token string) error {
	return a.end(ctx, token, session)
}

// Tokens are for a program: Access is sent as a bearer token for AccessAge, then Refresh gets new ones, once.
type Tokens struct {
	Access  string
	Refresh string
}

// Issue makes tokens for the program of an account.
func (a *Accounts) Issue(ctx context.Context, id string) (t Tokens, err error) {
	if t.Access, err = a.issue(ctx, id, access, AccessAge); err == nil {
		t.Refresh, err = a.issue(ctx, id, refresh, refreshAge)
	}
	return t, err
}

// Access returns the account of an access token, or ErrCredentials.
func (a *Accounts) Access(ctx context.Context, token string) (Account, error) {
	return a.check(ctx, token, access)
}

// Refresh takes a refresh token, which is used up, for new tokens.
func (a *Accounts) Refresh(ctx context.Context, token string) (Tokens, error) {
	account, err := a.check(ctx, token, refresh)
	if err != nil {
		return Tokens{}, err
	}
	if err := a.end(ctx, token, refresh); err != nil {
		return Tokens{}, err
	}
	return a.Issue(ctx, account.ID)
}

// Revoke ends tokens, either of which may be empty.
func (a *Accounts) Revoke(ctx context.Context, t Tokens) error {
	return errors.Join(a.end(ctx, t.Access, access), a.end(ctx, t.Refresh, refresh))
}

// issue makes a secret of a kind. Its token begins with the account, the cache's owner: so one Drop ends all of them.
func (a *Accounts) issue(ctx context.Context, id, kind string, age time.Duration) (string, error) {
	secret := rand.Text() + rand.Text()
	if err := a.sessions.Put(ctx, id, kind+sum(secret), []byte{1}, age); err != nil {
		return "", err
	}
	return id + "." + secret, nil
}

func (a *Accounts) check(ctx context.Context, token, kind string) (Account, error) {
	id, secret, ok := strings.Cut(token, ".")
	if !ok || len(token) > store.IDMax || store.ValidateID("token", token) != nil {
		return Account{}, ErrCredentials
	}
	value, err := a.sessions.Get(ctx, id, kind+sum(secret))
	if errors.Is(err, store.ErrNotFound) || err == nil && len(value) == 0 {
		return Account{}, ErrCredentials
	}
	if err != nil {
		return Account{}, err
	}
	return a.Get(ctx, id)
}

// end puts nothing in a secret's place for as long as it could have lived: a cache cannot remove a single value.
func (a *Accounts) end(ctx context.Context, token, kind string) error {
	id, secret, ok := strings.Cut(token, ".")
	if !ok || store.ValidateID("token", token) != nil {
		return nil
	}
	return a.sessions.Put(ctx, id, kind+sum(secret), nil, time.Second)
}
