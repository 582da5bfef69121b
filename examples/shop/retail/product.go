package retail

import (
	"cmp"
	"strings"
	"time"
	"unicode"

	"github.com/goldrec/gold/catalog"
)

// product gathers what the lines say of one stock code.
type product struct {
	code        string
	titles      map[string]int // descriptions and how often they stand
	pence       int64          // the price of the latest line
	first, last time.Time
}

func (p *product) add(l line) {
	if l.description != "" {
		p.titles[l.description]++
	}
	if !l.at.Before(p.last) {
		p.pence, p.last = l.pence, l.at
	}
	if l.at.Before(p.first) {
		p.first = l.at
	}
}

func (p *product) item() catalog.Item {
	title := p.title()
	item := catalog.Item{
		ID: p.code, Title: title, Price: catalog.Money{Minor: max(1, p.pence), Currency: "GBP"},
		Available: isGoods(p.code, title), Created: p.first,
	}
	if c := Category(title); c != "" && item.Available {
		item.Categories = []string{c}
	}
	return item
}

// title is the description that stands most often; of equal ones the first in byte order.
func (p *product) title() string {
	best, count := p.code, 0
	for t, n := range p.titles {
		if cmp.Or(cmp.Compare(n, count), strings.Compare(best, t)) > 0 {
			best, count = t, n
		}
	}
	return headline(best)
}

// isGoods tells goods, whose codes begin with a digit, from postage, fees and corrections. Gift vouchers and cushion
// pads are goods; two charges have codes like goods.
func isGoods(code, title string) bool {
	if strings.HasSuffix(title, "Charge") || strings.HasSuffix(title, "Carriage") {
		return false
	}
	return code[0] >= '0' && code[0] <= '9' || strings.HasPrefix(strings.ToLower(code), "gift") ||
		strings.HasPrefix(code, "DCGS") || code == "PADS"
}

// headline makes a title that shouts (SET OF 3 T-LIGHT HOLDERS) readable (Set of 3 T-Light Holders) and leaves others
// alone.
func headline(s string) string {
	if strings.ToUpper(s) != s {
		return strings.Join(strings.Fields(s), " ")
	}
	words := strings.Fields(strings.ToLower(s))
	for i, w := range words {
		if i == 0 || !isSmallWord(w) {
			words[i] = capitalise(w)
		}
	}
	return strings.Join(words, " ")
}

func isSmallWord(w string) bool {
	switch w {
	case "a", "and", "by", "for", "from", "in", "of", "on", "the", "to", "with", "w":
		return true
	}
	return false
}

// capitalise raises the first letter of a word and of what follows a hyphen, slash, dot, plus or bracket in it.
func capitalise(w string) string {
	up := true
	return strings.Map(func(r rune) rune {
		defer func() { up = strings.ContainsRune("-/.+(&,", r) }()
		if up {
			return unicode.ToTitle(r)
		}
		return r
	}, w)
}
