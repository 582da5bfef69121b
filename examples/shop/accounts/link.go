package accounts

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/goldrec/gold/examples/shop/database"
)

// link makes a secret that works once, for one purpose.
func (a *Accounts) link(ctx context.Context, id, purpose string, age time.Duration) (token string, err error) {
	token = rand.Text()
	_, err = a.db.Exec(ctx, `INSERT INTO links (hash, account, purpose, expires) VALUES ($1, $2, $3, $4)`,
		sum(token), id, purpose, database.Nanos(a.now().Add(age)))
	if err != nil {
		return "", fmt.Errorf("accounts: link: %w", err)
	}
	return token, nil
}

// follow uses a link up, and all others of its account and purpose.
func (a *Accounts) follow(ctx context.Context, token, purpose string) (id string, err error) {
	err = a.db.QueryRow(ctx, `DELETE FROM links WHERE hash = $1 AND purpose = $2 AND expires > $3 RETURNING account`,
		sum(token), purpose, database.Nanos(a.now())).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrLink
	}
	if err == nil {
		_, err = a.db.Exec(ctx, `DELETE FROM links WHERE account = $1 AND purpose = $2`, id, purpose)
	}
	if err != nil {
		return "", fmt.Errorf("accounts: follow a link: %w", err)
	}
	return id, nil
}

func sum(token string) string {
	s := sha256.Sum256([]byte(token))
	return hex.EncodeToString(s[:])
}
