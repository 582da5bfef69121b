package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/goldrec/gold/examples/shop/database"
	"github.com/goldrec/gold/examples/shop/payments"
)

const (
	batch    = 50
	tries    = 8 // then a webhook is given up, and the shop has to ask
	patience = 5 * time.Second
)

// Run sends webhooks until ctx is done, and returns its error.
func (g *Gate) Run(ctx context.Context) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		g.Send(ctx)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

type hook struct {
	payments.Event
	tries int
}

// Send sends the webhooks that are due. Those that are not taken are due again later.
func (g *Gate) Send(ctx context.Context) {
	for _, h := range g.due(ctx) {
		if g.opts.Webhook == "" || g.post(ctx, h) || h.tries+1 >= tries {
			_, _ = g.db.Exec(ctx, `DELETE FROM gate_webhooks WHERE id = $1`, h.ID) // else it is sent again, which it may be
			continue
		}
		due := g.opts.Now().Add(time.Second << h.tries)
		_, _ = g.db.Exec(ctx, `UPDATE gate_webhooks SET due = $1, tries = tries + 1 WHERE id = $2`, database.Nanos(due), h.ID)
	}
}

func (g *Gate) due(ctx context.Context) (hooks []hook) {
	rows, err := g.db.Query(ctx, `SELECT id, reference, status, tries FROM gate_webhooks WHERE due <= $1 ORDER BY due LIMIT $2`,
		database.Nanos(g.opts.Now()), batch)
	if err != nil {
		return nil // the next round asks again
	}
	defer rows.Close()
	for rows.Next() {
		var h hook
		if rows.Scan(&h.ID, &h.Reference, &h.Status, &h.tries) == nil {
			hooks = append(hooks, h)
		}
	}
	return hooks
}

func (g *Gate) post(ctx context.Context, h hook) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	body, err := json.Marshal(h.Event)
	if err != nil {
		return false
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.opts.Webhook, bytes.NewReader(body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(payments.SignatureHeader, payments.Sign(g.opts.Secret, body, g.opts.Now()))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode/100 == 2
}
