// Package web is the reference shop on net/http: a JSON API under /api/v1/ and a storefront of plain HTML pages that
// need no JavaScript. Both ask the same engine; accounts are beside it.
//
//	handler, err := web.New(web.Config{Catalog: cat, Engine: engine, Store: st, …})
//	err = http.ListenAndServe("127.0.0.1:8080", handler)
//
// # Caveats
//
// Accounts have passwords, and carts and orders are their owners'; but whoever reaches the shop may ask recommendations
// for any user, play one of its shoppers and read the demonstration's mailbox, which is what a demonstration on a
// loopback address wants, and nothing else does. What was sold is taken out of the stock in memory only.
package web

import (
	"embed"
	"encoding/json"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/examples/shop/accounts"
	"github.com/goldrec/gold/examples/shop/golden"
	"github.com/goldrec/gold/examples/shop/stock"
	"github.com/goldrec/gold/experiment"
	"github.com/goldrec/gold/recommend"
	"github.com/goldrec/gold/store"
)

//go:embed templates static openapi.yaml
var files embed.FS

// Config is what a Server shows. Logger and Now may be nil; everything else is required.
type Config struct {
	Catalog     *catalog.Catalog
	Engine      *recommend.Engine
	Store       store.Store
	Golden      *golden.Hour
	Experiments *experiment.Live
	Accounts    *accounts.Accounts
	Mailbox     *accounts.Mailbox // to show; nil when mail goes out
	Shoppers    []stock.Shopper   // whom a visitor can be
	Demonstrate bool              // open a short golden hour soon after somebody comes, and say that it is one
	Now         func() time.Time
	Logger      *slog.Logger
}

// Server is the shop's handler. It is safe for concurrent use. A restart loses what was sold of the stock, and nothing else.
type Server struct {
	catalog     *catalog.Catalog
	engine      *recommend.Engine
	store       store.Store
	golden      *golden.Hour
	experiments *experiment.Live
	accounts    *accounts.Accounts
	mailbox     *accounts.Mailbox
	shoppers    []stock.Shopper
	demonstrate bool
	now         func() time.Time
	log         *slog.Logger

	mux         *http.ServeMux
	crossOrigin *http.CrossOriginProtection
	pages       map[string]*template.Template

	selling sync.Mutex // held while stock is looked at and changed

	comparing   sync.Mutex
	comparisons map[*experiment.Experiment]*recommend.Comparison // of the experiments of one set
}

// New makes the handler.
func New(cfg Config) (*Server, error) {
	s := &Server{
		catalog: cfg.Catalog, engine: cfg.Engine, store: cfg.Store, golden: cfg.Golden,
		experiments: cfg.Experiments, accounts: cfg.Accounts, mailbox: cfg.Mailbox, shoppers: cfg.Shoppers, demonstrate: cfg.Demonstrate,
		now: cfg.Now, log: cfg.Logger,
		mux: http.NewServeMux(), crossOrigin: http.NewCrossOriginProtection(),
		comparisons: map[*experiment.Experiment]*recommend.Comparison{},
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.pages, err = parsePages(); err != nil {
		return nil, err
	}
	static, err := fs.Sub(files, "static")
	if err != nil {
		return nil, err
	}
	s.routes(http.FileServerFS(static))
	return s, nil
}

func (s *Server) routes(static http.Handler) {
	s.handle("POST /api/v1/recommendations", s.recommendations)
	s.handle("POST /api/v1/interactions", s.interactions)
	s.handle("GET /api/v1/user/profile", s.getProfile)
	s.handle("POST /api/v1/user/profile", s.postProfile)
	s.handle("GET /api/v1/products", s.listProducts)
	s.handle("GET /api/v1/products/{id}", s.getProduct)
	s.handle("GET /api/v1/products/{id}/similar", s.similarProducts)
	s.handle("GET /api/v1/suggestions", s.suggestions)
	s.handle("POST /api/v1/ab-test/variant", s.variant)
	s.handle("GET /api/v1/ab-test/report", s.report)
	s.handle("GET /api/v1/openapi.yaml", s.openAPI)
	s.handle("GET /healthz", s.health)
	s.handle("POST /api/v1/auth/login", s.authLogin)
	s.handle("POST /api/v1/auth/refresh", s.authRefresh)
	s.handle("POST /api/v1/auth/logout", s.authLogout)
	s.handle("GET /api/v1/cart", s.getCart)
	s.handle("POST /api/v1/cart/add", s.cartAdd)
	s.handle("POST /api/v1/order/create", s.orderCreate)

	s.handle("GET /{$}", s.home)
	s.handle("GET /for-you", s.forYou)
	s.handle("GET /products/{id}", s.productPage)
	s.handle("GET /search", s.searchPage)
	s.handle("GET /cart", s.cartPage)
	s.handle("POST /cart", s.changeCart)
	s.handle("GET /checkout", s.checkoutForm)
	s.handle("POST /checkout", s.checkout)
	s.handle("GET /login", s.door("login", "Log in"))
	s.handle("POST /login", s.logIn)
	s.handle("GET /signup", s.door("signup", "Sign up"))
	s.handle("POST /signup", s.signUp)
	s.handle("GET /forgot", s.door("forgot", "A new password"))
	s.handle("POST /forgot", s.forgot)
	s.handle("GET /reset", s.door("reset", "Choose a password"))
	s.handle("POST /reset", s.reset)
	s.handle("GET /verify", s.door("verify", "Is this your address?"))
	s.handle("POST /verify", s.verify)
	s.handle("POST /logout", s.logOut)
	s.handle("GET /mailbox", s.mailboxPage)
	s.handle("GET /account", s.withAccount(s.accountPage))
	s.handle("POST /account/address", s.withAccount(s.changeAddress))
	s.handle("GET /account/export", s.withAccount(s.export))
	s.handle("POST /account/delete", s.withAccount(s.deleteAccount))
	s.handle("POST /opinion", s.opinion)
	s.handle("POST /visitor", s.switchVisitor)
	s.handle("POST /forget", s.forget)
	s.handle("GET /images/{file}", s.image)
	s.handle("GET /problems/{name}", s.problemType)
	s.handle("GET /experiments/{key}", s.experimentPage)
	s.mux.Handle("GET /static/", http.StripPrefix("/static/", cached(static)))
}

// cached lets browsers keep what only a new build changes, for as long as a demonstration lasts. A directory is nothing.
func cached(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "" || strings.HasSuffix(r.URL.Path, "/") {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=600")
		h.ServeHTTP(w, r)
	})
}

// item finds a product by its identifier.
func (s *Server) item(id string) (*catalog.Item, bool) {
	handle, ok := s.catalog.Lookup(id)
	if !ok {
		return nil, false
	}
	item := s.catalog.Item(handle)
	return item, item != nil
}

// answer writes v as JSON.
func answer(w http.ResponseWriter, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(append(body, '\n')) // a client that went away is nobody's error
	return nil
}

// health says that the shop serves, and with what. The model version is 0 until the first training is done.
func (s *Server) health(w http.ResponseWriter, r *http.Request) error {
	page, err := s.engine.Recommend(r.Context(), recommend.Request{N: 1})
	if err != nil {
		return err
	}
	return answer(w, healthResponse{Status: "ok", Products: s.catalog.Len(), ModelVersion: page.ModelVersion})
}

type healthResponse struct {
	Status       string `json:"status"`
	Products     int    `json:"products"`
	ModelVersion uint64 `json:"model_version"`
}

func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) error {
	text, err := files.ReadFile("openapi.yaml")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(text)
	return nil
}

// requireID blames an identifier that is missing or cannot be stored.
func requireID(bad *fields, path, id string) {
	if id == "" {
		bad.body(path, "is required")
		return
	}
	optionalID(bad, path, id)
}

func optionalID(bad *fields, path, id string) {
	if err := store.ValidateID(path, id); err != nil {
		bad.body(path, "must have at most %d bytes", store.IDMax)
	}
}
