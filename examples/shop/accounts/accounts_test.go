package accounts_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goldrec/gold/examples/shop/accounts"
	"github.com/goldrec/gold/examples/shop/database"
	"github.com/goldrec/gold/store"
)

const password = "correct horse battery"

// people are accounts with a clock and a mailbox to look into.
type people struct {
	*accounts.Accounts
	box *accounts.Mailbox

	mu  sync.Mutex
	now time.Time
}

func (p *people) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *people) wait(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(d)
}

func open(t *testing.T) *people {
	t.Helper()
	db, err := database.Open(t.Context(), filepath.Join(t.TempDir(), "shop.db"), accounts.Migrations())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	p := &people{box: &accounts.Mailbox{}, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	p.Accounts, err = accounts.Open(t.Context(), accounts.Options{
		DB: db, Sessions: store.NewMemoryCache(store.MemoryCacheOptions{Now: p.clock}), Mail: p.box, Now: p.clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// token is that of the link in the newest mail.
func (p *people) token(t *testing.T) string {
	t.Helper()
	mails := p.box.Mails()
	if len(mails) == 0 {
		t.Fatal("no mail")
	}
	_, token, _ := strings.Cut(mails[0].Link, "token=")
	return token
}

func (p *people) ann(t *testing.T) accounts.Account {
	t.Helper()
	if err := p.SignUp(t.Context(), "Ann@Example.org ", "Ann", password); err != nil {
		t.Fatal(err)
	}
	account, err := p.Verify(t.Context(), p.token(t))
	if err != nil {
		t.Fatal(err)
	}
	return account
}

func TestSignUpVerifyLogIn(t *testing.T) {
	t.Parallel()
	p := open(t)
	if err := p.SignUp(t.Context(), "ann@example.org", "Ann", password); err != nil {
		t.Fatal(err)
	}
	first := p.token(t)
	if _, err := p.LogIn(t.Context(), "ann@example.org", password, "here"); !errors.Is(err, accounts.ErrUnverified) {
		t.Errorf("before the link: %v", err)
	}
	account, err := p.Verify(t.Context(), first)
	if err != nil || account.Email != "ann@example.org" || !account.Created.Equal(p.clock()) {
		t.Fatalf("%+v, %v", account, err)
	}
	if _, err := p.Verify(t.Context(), first); !errors.Is(err, accounts.ErrLink) {
		t.Errorf("a link works twice: %v", err)
	}
	if got, err := p.LogIn(t.Context(), "ANN@example.org", password, "here"); err != nil || got != account {
		t.Errorf("%+v, %v; want %+v", got, err, account)
	}
	for _, tt := range []struct{ email, password string }{{"ann@example.org", password + "!"}, {"bob@example.org", password}, {"", ""}} {
		if _, err := p.LogIn(t.Context(), tt.email, tt.password, "here"); !errors.Is(err, accounts.ErrCredentials) {
			t.Errorf("%v: %v", tt, err)
		}
	}
}

// What a stranger gets for an address with an account is what they get for one without: only the mail differs.
func TestNobodyLearnsWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.ann(t)
	if err := p.SignUp(t.Context(), "ann@example.org", "Eve", "another password of Eve"); err != nil {
		t.Errorf("sign-up says: %v", err)
	}
	if mail := p.box.Mails()[0]; strings.Contains(mail.Link, "token") {
		t.Errorf("the second sign-up gets a link: %+v", mail)
	}
	if _, err := p.LogIn(t.Context(), "ann@example.org", password, "here"); err != nil {
		t.Errorf("the second sign-up changes the account: %v", err)
	}
	sent := len(p.box.Mails())
	if err := p.RequestReset(t.Context(), "nobody@example.org"); err != nil || len(p.box.Mails()) != sent {
		t.Errorf("a reset of nobody's: %v, %d mails", err, len(p.box.Mails())-sent)
	}
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	p := open(t)
	for _, tt := range []struct{ email, name, password string }{
		{"", "Ann", password}, {"ann", "Ann", password}, {"Ann <ann@example.org>", "Ann", password}, {"a@b.org\r\nBcc: c@d.org", "Ann", password},
		{"ann@example.org", " ", password}, {"ann@example.org", strings.Repeat("a", accounts.NameMax+1), password},
		{"ann@example.org", "Ann", "short"}, {"ann@example.org", "Ann", strings.Repeat("a", accounts.PasswordMax+1)}, {"ann@example.org", "Ann", "not utf-8 at all\xff"},
	} {
		if err := p.SignUp(t.Context(), tt.email, tt.name, tt.password); !errors.Is(err, accounts.ErrInvalid) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

func TestResetEndsSessions(t *testing.T) {
	t.Parallel()
	p := open(t)
	account := p.ann(t)
	token, err := p.StartSession(t.Context(), account.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.RequestReset(t.Context(), account.Email); err != nil {
		t.Fatal(err)
	}
	link := p.token(t)
	if _, err := p.Verify(t.Context(), link); !errors.Is(err, accounts.ErrLink) {
		t.Errorf("a link serves another purpose: %v", err)
	}
	if err := p.Reset(t.Context(), link, "a new password for Ann"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Session(t.Context(), token); !errors.Is(err, accounts.ErrCredentials) {
		t.Errorf("the session outlives the password: %v", err)
	}
	if _, err := p.LogIn(t.Context(), account.Email, password, "here"); !errors.Is(err, accounts.ErrCredentials) {
		t.Errorf("the old password: %v", err)
	}
	if _, err := p.LogIn(t.Context(), account.Email, "a new password for Ann", "here"); err != nil {
		t.Errorf("the new password: %v", err)
	}
	if err := p.RequestReset(t.Context(), account.Email); err != nil {
		t.Fatal(err)
	}
	if p.wait(time.Hour); !errors.Is(p.Reset(t.Context(), p.token(t), "one more new password"), accounts.ErrLink) {
		t.Error("a link works after an hour")
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	p := open(t)
	account := p.ann(t)
	start := func() string {
		token, err := p.StartSession(t.Context(), account.ID)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	one, other := start(), start()
	if one == other {
		t.Fatal("two sessions have one token")
	}
	if err := p.EndSession(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Session(t.Context(), one); !errors.Is(err, accounts.ErrCredentials) {
		t.Errorf("after its end: %v", err)
	}
	if got, err := p.Session(t.Context(), other); err != nil || got != account {
		t.Errorf("the other session: %+v, %v", got, err)
	}
	for _, token := range []string{"", account.ID, account.ID + ".", account.ID + ".x", "." + other, strings.Repeat("a", 1000) + ".b", "\xff.x"} {
		if _, err := p.Session(t.Context(), token); !errors.Is(err, accounts.ErrCredentials) {
			t.Errorf("%q: %v", token, err)
		}
	}
	if p.wait(accounts.SessionAge); true {
		if _, err := p.Session(t.Context(), other); !errors.Is(err, accounts.ErrCredentials) {
			t.Errorf("after a day: %v", err)
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	p := open(t)
	account := p.ann(t)
	first, err := p.Issue(t.Context(), account.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Session(t.Context(), first.Access); !errors.Is(err, accounts.ErrCredentials) {
		t.Errorf("an access token is a session: %v", err)
	}
	if _, err := p.Access(t.Context(), first.Refresh); !errors.Is(err, accounts.ErrCredentials) {
		t.Errorf("a refresh token is an access token: %v", err)
	}
	p.wait(accounts.AccessAge)
	if _, err := p.Access(t.Context(), first.Access); !errors.Is(err, accounts.ErrCredentials) {
		t.Errorf("an old access token: %v", err)
	}
	second, err := p.Refresh(t.Context(), first.Refresh)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Refresh(t.Context(), first.Refresh); !errors.Is(err, accounts.ErrCredentials) {
		t.Errorf("a refresh token works twice: %v", err)
	}
	if got, err := p.Access(t.Context(), second.Access); err != nil || got != account {
		t.Errorf("%+v, %v", got, err)
	}
	if err := p.Revoke(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Access(t.Context(), second.Access); !errors.Is(err, accounts.ErrCredentials) {
		t.Errorf("revoked: %v", err)
	}
}

func TestThrottle(t *testing.T) {
	t.Parallel()
	p := open(t)
	account := p.ann(t)
	fail := func(remote string) (err error) {
		for range 5 {
			_, err = p.LogIn(t.Context(), account.Email, "not the password", remote)
		}
		return err
	}
	if err := fail("there"); !errors.Is(err, accounts.ErrCredentials) {
		t.Errorf("the fifth: %v", err)
	}
	if _, err := p.LogIn(t.Context(), account.Email, password, "there"); !errors.Is(err, accounts.ErrThrottled) {
		t.Errorf("the sixth, and right: %v", err)
	}
	if _, err := p.LogIn(t.Context(), account.Email, password, "elsewhere"); err != nil {
		t.Errorf("from elsewhere: %v", err)
	}
	if p.wait(15 * time.Minute); true {
		if _, err := p.LogIn(t.Context(), account.Email, password, "there"); err != nil {
			t.Errorf("a quarter of an hour later: %v", err)
		}
	}
}

// A log-in that cannot be hashed in time is given up, and not queued for ever.
func TestHashingWaitsForItsCaller(t *testing.T) {
	t.Parallel()
	p := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.SignUp(ctx, "ann@example.org", "Ann", password); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestDeleteLeavesNothing(t *testing.T) {
	t.Parallel()
	p := open(t)
	account := p.ann(t)
	token, err := p.StartSession(t.Context(), account.ID)
	if err != nil {
		t.Fatal(err)
	}
	home := accounts.Address{Name: "Ann", Street: "Main Street 1", Postcode: "12345", City: "Berlin", Country: "Germany"}
	for range 2 {
		if err := p.AddAddress(t.Context(), account.ID, home); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := p.Addresses(t.Context(), account.ID); err != nil || len(list) != 1 {
		t.Errorf("the same address twice: %+v, %v", list, err)
	}
	if err := p.RemoveAddress(t.Context(), "u-somebody-else", 2); err != nil {
		t.Fatal(err)
	}
	if err := p.SetCart(t.Context(), account.ID, "tea~2"); err != nil {
		t.Fatal(err)
	}
	if kept, err := p.Cart(t.Context(), account.ID); err != nil || kept != "tea~2" {
		t.Errorf("cart %q, %v", kept, err)
	}
	if err := p.Delete(t.Context(), account.ID); err != nil {
		t.Fatal(err)
	}
	if list, err := p.Addresses(t.Context(), account.ID); err != nil || len(list) != 0 {
		t.Errorf("addresses left: %+v, %v", list, err)
	}
	if _, err := p.Session(t.Context(), token); !errors.Is(err, accounts.ErrCredentials) {
		t.Errorf("a session of nobody: %v", err)
	}
	if _, err := p.LogIn(t.Context(), account.Email, password, "here"); !errors.Is(err, accounts.ErrCredentials) {
		t.Errorf("a log-in of nobody: %v", err)
	}
}
