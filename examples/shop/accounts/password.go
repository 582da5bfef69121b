package accounts

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// The cost of a hash: what OWASP's password storage cheat sheet names as the least for argon2id.
const (
	hashMemory = 19 << 10 // KiB
	hashTime   = 2
	hashLen    = 32
	saltLen    = 16

	hashesMax = 2 // at a time: each holds 19 MiB and a processor
)

func checkPassword(password string) error {
	if len(password) < PasswordMin || len(password) > PasswordMax || !utf8.ValidString(password) {
		return fmt.Errorf("%w: a password has %d to %d bytes", ErrInvalid, PasswordMin, PasswordMax)
	}
	return nil
}

// hash makes what is stored of a password: $argon2id$, salt and key. It waits for its turn as long as ctx lets it.
func (a *Accounts) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLen)
	rand.Read(salt) // cannot fail
	key, err := a.key(ctx, password, salt)
	if err != nil {
		return "", err
	}
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, hashMemory, hashTime, encode(salt), encode(key)), nil
}

func (a *Accounts) key(ctx context.Context, password string, salt []byte) ([]byte, error) {
	select {
	case a.hashing <- struct{}{}:
		defer func() { <-a.hashing }()
		return argon2.IDKey([]byte(password), salt, hashTime, hashMemory, 1, hashLen), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("accounts: waited for a hash: %w", ctx.Err())
	}
}

// matches reports whether a hash is the password's.
func (a *Accounts) matches(ctx context.Context, password, hash string) (bool, error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 {
		return false, fmt.Errorf("accounts: a stored hash of %d parts", len(parts))
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil {
		return false, fmt.Errorf("accounts: a stored hash that is none")
	}
	key, err := a.key(ctx, password, salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, want) == 1, nil
}
