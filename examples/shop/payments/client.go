package payments

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const answerMax = 64 << 10

// Client is a Gateway that talks to examples/paygate. It is safe for concurrent use.
type Client struct {
	base, key string
	http      *http.Client
}

var _ Gateway = (*Client)(nil)

// NewClient talks to the gateway at a base URL with the shop's API key. An answer may take as long as the timeout;
// 0 means 10 seconds.
func NewClient(base, key string, timeout time.Duration) *Client {
	if timeout <= 0 {
		timeout = 10 * time.Second
	}
	return &Client{strings.TrimSuffix(base, "/"), key, &http.Client{Timeout: timeout}}
}

// Authorize implements Gateway.
func (c *Client) Authorize(ctx context.Context, r Request) (Payment, error) {
	return c.call(ctx, http.MethodPost, "", r)
}

// Capture implements Gateway.
func (c *Client) Capture(ctx context.Context, reference string) (Payment, error) {
	return c.call(ctx, http.MethodPost, "/"+url.PathEscape(reference)+"/capture", nil)
}

// Void implements Gateway.
func (c *Client) Void(ctx context.Context, reference string) (Payment, error) {
	return c.call(ctx, http.MethodPost, "/"+url.PathEscape(reference)+"/void", nil)
}

// Refund implements Gateway.
func (c *Client) Refund(ctx context.Context, reference string) (Payment, error) {
	return c.call(ctx, http.MethodPost, "/"+url.PathEscape(reference)+"/refund", nil)
}

// Lookup implements Gateway.
func (c *Client) Lookup(ctx context.Context, reference string) (Payment, error) {
	return c.call(ctx, http.MethodGet, "/"+url.PathEscape(reference), nil)
}

func (c *Client) call(ctx context.Context, method, path string, body any) (p Payment, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return p, err
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+"/v1/payments"+path, bytes.NewReader(text))
	if err != nil {
		return p, err
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return p, fmt.Errorf("payments: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, answerMax))
	if err != nil {
		return p, fmt.Errorf("payments: %w", err)
	}
	switch resp.StatusCode {
	case http.StatusOK:
		if err := json.Unmarshal(answer, &p); err != nil {
			return p, fmt.Errorf("payments: answer of the gateway: %w", err)
		}
		return p, nil
	case http.StatusNotFound:
		return p, ErrUnknown
	case http.StatusConflict:
		return p, ErrState
	case http.StatusUnprocessableEntity:
		return p, ErrReused
	case http.StatusBadRequest, http.StatusUnauthorized:
		return p, fmt.Errorf("%w: %s", ErrRefused, bytes.TrimSpace(answer))
	}
	return p, errors.New("payments: the gateway answers " + resp.Status)
}
