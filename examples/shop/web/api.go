package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

// The limits of the API.
const (
	batchMax = 1000             // interactions in one request
	listMax  = 1000             // identifiers in one list
	aheadMax = 10 * time.Minute // how far a client's clock may be ahead
)

// recommendationsRequest is recommend.Request as JSON.
type recommendationsRequest struct {
	User      string            `json:"user"`
	Session   string            `json:"session"`
	N         *int              `json:"n"`
	Placement string            `json:"placement"`
	Context   map[string]string `json:"context"`
	Filter    productFilter     `json:"filter"`
	Exclude   []string          `json:"exclude"`
	Seeds     []string          `json:"seeds"`
	Items     []string          `json:"items"`
	Model     string            `json:"model"`
	Explain   bool              `json:"explain"`
	Cursor    string            `json:"cursor"`
}

type recommendationsResponse struct {
	Items        []recommended `json:"items"`
	ModelVersion uint64        `json:"model_version"`
	Variant      string        `json:"variant"`
	Next         string        `json:"next"`
}

// recommended is a product and why it is on the page.
type recommended struct {
	product
	Score   float32            `json:"score"`
	Reasons []recommend.Reason `json:"reasons,omitempty"`
	Source  string             `json:"source"` // who brought it
}

func (s *Server) recommendations(w http.ResponseWriter, r *http.Request) error {
	var body recommendationsRequest
	if err := decode(w, r, &body); err != nil {
		return err
	}
	req, err := s.request(&body)
	if err != nil {
		return err
	}
	page, err := s.engine.Recommend(r.Context(), req)
	if err != nil {
		return err
	}
	return answer(w, s.response(page))
}

// request makes the engine's request of the API's.
func (s *Server) request(body *recommendationsRequest) (recommend.Request, error) {
	var bad fields
	optionalID(&bad, "user", body.User)
	optionalID(&bad, "session", body.Session)
	optionalID(&bad, "placement", body.Placement)
	n := 10
	if body.N != nil {
		n = *body.N
	}
	if n < 1 || n > recommend.NMax {
		bad.body("n", "must be from 1 to %d", recommend.NMax)
	}
	s.knownItems(&bad, "seeds", body.Seeds)
	s.knownItems(&bad, "items", body.Items)
	if len(body.Exclude) > listMax {
		bad.body("exclude", "must have at most %d entries", listMax)
	}
	filter := body.Filter.compile(s, func(name, format string, args ...any) { bad.body("filter/"+name, format, args...) })
	if err := bad.err(); err != nil {
		return recommend.Request{}, err
	}
	return recommend.Request{
		User: body.User, Session: body.Session, N: n, Placement: body.Placement, Context: body.Context, Filter: filter,
		Exclude: body.Exclude, Seeds: body.Seeds, Items: body.Items, Model: body.Model,
		Explain: body.Explain, Cursor: body.Cursor,
	}, nil
}

// knownItems blames the entries of a list that are no products.
func (s *Server) knownItems(bad *fields, path string, ids []string) {
	if len(ids) > listMax {
		bad.body(path, "must have at most %d entries", listMax)
		return
	}
	for i, id := range ids {
		if _, ok := s.item(id); !ok {
			bad.body(fmt.Sprintf("%s/%d", path, i), "there is no product %q", id)
		}
	}
}

// response fills a page with products. One that left the catalogue since the page was made is left out.
func (s *Server) response(page *recommend.Page) recommendationsResponse {
	out := recommendationsResponse{
		Items: []recommended{}, ModelVersion: page.ModelVersion, Variant: page.Variant, Next: page.Next,
	}
	for _, rec := range page.Items {
		if item, ok := s.item(rec.Item); ok {
			out.Items = append(out.Items, recommended{s.product(item), rec.Score, rec.Reasons, rec.Source})
		}
	}
	return out
}

func (s *Server) similarProducts(w http.ResponseWriter, r *http.Request) error {
	id, query := r.PathValue("id"), r.URL.Query()
	if _, ok := s.item(id); !ok {
		return unknown("product", id)
	}
	var bad fields
	n := number(&bad, query.Get("n"), "n", 10, 1, recommend.NMax)
	if err := bad.err(); err != nil {
		return err
	}
	page, err := s.recommend(r.Context(), recommend.Request{
		User: query.Get("user"), N: n, Seeds: []string{id}, Model: "content", Placement: placeSimilar, Explain: true,
	})
	if err != nil {
		return err
	}
	return answer(w, s.response(withoutFillers(page)))
}

// interactionRequest is a store.Interaction whose time may be left out: then it is now.
type interactionRequest struct {
	User      string  `json:"user"`
	Item      string  `json:"item"`
	Kind      string  `json:"kind"`
	Value     float64 `json:"value"`
	Time      string  `json:"time"`
	Session   string  `json:"session"`
	Placement string  `json:"placement"`
	Variant   string  `json:"variant"`
}

type interactionsResponse struct {
	Recorded int `json:"recorded"`
}

// interactions records one interaction, or an array of them: all or none. They are on disk when the answer goes out.
func (s *Server) interactions(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	requests, path := make([]interactionRequest, 1), func(int) string { return "" }
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '[' {
		path = func(i int) string { return strconv.Itoa(i) + "/" }
		requests, err = unmarshalBatch(body)
	} else {
		err = unmarshal(body, &requests[0], "")
	}
	if err != nil {
		return err
	}
	var bad fields
	batch := make([]store.Interaction, len(requests))
	for i := range requests {
		batch[i] = s.interaction(&requests[i], &bad, path(i))
	}
	if err := bad.err(); err != nil {
		return err
	}
	if err := s.engine.Record(r.Context(), batch...); err != nil {
		return err
	}
	return answer(w, interactionsResponse{Recorded: len(batch)})
}

func unmarshalBatch(body []byte) ([]interactionRequest, error) {
	var raw []json.RawMessage
	if err := unmarshal(body, &raw, ""); err != nil {
		return nil, err
	}
	if len(raw) > batchMax {
		var bad fields
		bad.body("", "must have at most %d entries", batchMax)
		return nil, bad.err()
	}
	requests := make([]interactionRequest, len(raw))
	for i := range raw {
		if err := unmarshal(raw[i], &requests[i], strconv.Itoa(i)+"/"); err != nil {
			return nil, err
		}
	}
	return requests, nil
}

// interaction checks an interaction field by field, so that a client learns of every mistake at once.
func (s *Server) interaction(req *interactionRequest, bad *fields, path string) store.Interaction {
	now := s.now()
	in := store.Interaction{
		User: req.User, Item: req.Item, Value: req.Value, Time: now, Session: req.Session, Placement: req.Placement,
		Variant: req.Variant,
	}
	requireID(bad, path+"user", req.User)
	optionalID(bad, path+"session", req.Session)
	optionalID(bad, path+"placement", req.Placement)
	optionalID(bad, path+"variant", req.Variant)
	if _, ok := s.item(req.Item); !ok {
		bad.body(path+"item", "there is no product %q", req.Item)
	}
	var err error
	if in.Kind, err = store.ParseKind(req.Kind); err != nil {
		bad.body(path+"kind", "there is no kind %q", req.Kind)
	}
	if req.Time != "" {
		if in.Time, err = time.Parse(time.RFC3339Nano, req.Time); err != nil {
			bad.body(path+"time", "must be a time in RFC 3339")
		} else if in.Time.Year() < 1970 || in.Time.Sub(now) > aheadMax {
			bad.body(path+"time", "must be since 1970, and not in the future")
		}
	}
	return in
}

// profileBody is a store.Profile without what the server sets.
type profileBody struct {
	User        string              `json:"user"`
	Version     uint64              `json:"version"`
	Segments    []string            `json:"segments"`
	Attributes  map[string]string   `json:"attributes"`
	Preferences map[string][]string `json:"preferences"`
}

func (s *Server) getProfile(w http.ResponseWriter, r *http.Request) error {
	user := r.URL.Query().Get("user")
	if user == "" {
		var bad fields
		bad.query("user", "is required")
		return bad.err()
	}
	profile, err := s.engine.Profile(r.Context(), user)
	if errors.Is(err, store.ErrNotFound) {
		return unknown("profile of user", user)
	}
	if err != nil {
		return err
	}
	return answer(w, profile)
}

// postProfile stores a profile if its version is the stored one, 0 for a first.
func (s *Server) postProfile(w http.ResponseWriter, r *http.Request) error {
	var body profileBody
	if err := decode(w, r, &body); err != nil {
		return err
	}
	var bad fields
	requireID(&bad, "user", body.User)
	if err := bad.err(); err != nil {
		return err
	}
	profile, err := s.engine.PutProfile(r.Context(), store.Profile{
		User: body.User, Version: body.Version, Segments: body.Segments, Attributes: body.Attributes,
		Preferences: body.Preferences, Updated: s.now().UTC().Truncate(time.Microsecond),
	})
	if err != nil {
		return err
	}
	return answer(w, profile)
}

// number reads a whole number within bounds from a query.
func number(bad *fields, text, name string, otherwise, low, high int) int {
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		bad.query(name, "must be a whole number from %d to %d", low, high)
	}
	return n
}
