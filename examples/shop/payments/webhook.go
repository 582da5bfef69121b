package payments

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// SignatureHeader is where a webhook bears its signature: t=SECONDS,v1=HEX.
const SignatureHeader = "Paygate-Signature"

// tolerance is how old or early the signature of a webhook may be, so that one that was overheard is of no use later. A gateway
// signs each attempt anew.
const tolerance = 5 * time.Minute

// Event is what a webhook says: something has become of a payment. Look it up.
type Event struct {
	ID        string `json:"id"` // one for each event, the same when it is sent again
	Reference string `json:"reference"`
	Status    Status `json:"status"`
}

// Sign makes the signature of a body at a moment.
func Sign(secret string, body []byte, at time.Time) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac(secret, seconds, body))
}

func mac(secret, seconds string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(seconds + "."))
	h.Write(body)
	return h.Sum(nil)
}

// Verify reads a webhook whose signature is valid now; else it is ErrUnsigned. The secret must not be empty.
func Verify(secret, signature string, body []byte, now time.Time) (e Event, err error) {
	first, second, _ := strings.Cut(signature, ",")
	seconds, timed := strings.CutPrefix(first, "t=")
	digits, signed := strings.CutPrefix(second, "v1=")
	at, err := strconv.ParseInt(seconds, 10, 64)
	sum, hexErr := hex.DecodeString(digits)
	if !timed || !signed || err != nil || hexErr != nil || secret == "" || !hmac.Equal(sum, mac(secret, seconds, body)) {
		return e, ErrUnsigned
	}
	if age := now.Sub(time.Unix(at, 0)); age > tolerance || age < -tolerance {
		return e, fmt.Errorf("%w: it was signed %v ago", ErrUnsigned, age.Round(time.Second))
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return e, fmt.Errorf("payments: webhook: %w", err)
	}
	return e, nil
}
