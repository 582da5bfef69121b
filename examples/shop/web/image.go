package web

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strings"

	"github.com/goldrec/gold/catalog"
)

// image draws a stand-in picture of a product: the outline that the title calls for, in the colour it names. The same
// product always looks the same, and nothing is fetched from anywhere.
func (s *Server) image(w http.ResponseWriter, r *http.Request) error {
	id, isSVG := strings.CutSuffix(r.PathValue("file"), ".svg")
	item, ok := s.item(id)
	if !isSVG || !ok {
		return unknown("image", r.PathValue("file"))
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, err := w.Write(draw(item))
	return err
}

func draw(item *catalog.Item) []byte {
	hash := fnv.New64a()
	hash.Write([]byte(item.ID))
	n := hash.Sum64()
	words := strings.FieldsFunc(strings.ToLower(item.Title), func(r rune) bool { return r < 'a' || r > 'z' })
	ink := inkOf(words, n)
	hue := hueOf(item.Categories, n)
	turn, x, y := n%21, 20+n>>8%160, 20+n>>16%160
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200">`+
		`<rect width="200" height="200" fill="hsl(%d 32%% 91%%)"/>`+
		`<circle cx="%d" cy="%d" r="%d" fill="hsl(%d 36%% 85%%)"/>`+
		`<ellipse cx="100" cy="168" rx="56" ry="7" fill="hsl(%d 20%% 70%%)" opacity=".5"/>`+
		`<g transform="rotate(%d 100 165)" fill="%s" stroke="%s" stroke-width="6" stroke-linejoin="round" stroke-linecap="round">%s</g></svg>`,
		hue, x, y, 50+n>>24%40, (hue+24)%360, hue, int(turn)/3-3, ink, shade(ink), outlineOf(words))
}

// hueOf is the colour of the background: one for each top category.
func hueOf(categories []string, n uint64) uint64 {
	if len(categories) == 0 {
		return n >> 32 % 360
	}
	top, _, _ := strings.Cut(categories[0], catalog.PathSeparator)
	hash := fnv.New64a()
	hash.Write([]byte(top))
	return hash.Sum64() >> 20 % 360
}

// inkOf is the colour that the title names, or one that the product's hash chooses.
func inkOf(words []string, n uint64) string {
	for _, w := range slices.Backward(words) { // in "copper kettle, sky" the last word counts
		if c := colourOf(w); c != "" {
			return c
		}
	}
	return [...]string{"#b5763a", "#4c7a6d", "#5b6c9e", "#a4505a", "#8a7d3c", "#6d5a86", "#c08a2d", "#4f7f9c"}[n>>40%8]
}

func colourOf(word string) string {
	switch word {
	case "ivory", "white", "cream", "antique":
		return "#f4eddc"
	case "sand", "natural", "linen", "wicker":
		return "#dcc6a0"
	case "ochre", "yellow", "gold", "golden", "brass":
		return "#d9a32e"
	case "terracotta", "orange", "copper":
		return "#c8693f"
	case "rose", "pink":
		return "#dd9aa8"
	case "red", "retrospot", "christmas":
		return "#b83a3a"
	case "plum", "purple", "lilac", "lavender":
		return "#80507c"
	case "navy", "denim":
		return "#33456e"
	case "sky", "blue":
		return "#7fadd0"
	case "teal", "turquoise", "aqua":
		return "#2f8583"
	case "sage", "green", "mint":
		return "#9bb08a"
	case "forest", "ivy":
		return "#3f6448"
	case "charcoal", "black":
		return "#4a4d52"
	case "silver", "zinc", "metal", "steel", "grey":
		return "#a9b0b5"
	case "brown", "wood", "wooden", "chocolate":
		return "#8a5f3c"
	}
	return ""
}

// shade darkens a colour of the form #rrggbb for the outline.
func shade(colour string) string {
	var r, g, b int
	_, _ = fmt.Sscanf(colour, "#%02x%02x%02x", &r, &g, &b)
	return fmt.Sprintf("#%02x%02x%02x", r*62/100, g*62/100, b*62/100)
}

// outlineOf is the drawing for the last word of the title that asks for one; a parcel when none does.
func outlineOf(words []string) string {
	for _, w := range slices.Backward(words) {
		if o := outline(strings.TrimSuffix(w, "s")); o != "" {
			return o
		}
	}
	return `<path d="M48 82h104v82H48z"/><path d="M48 82l16-26h72l16 26M100 56v108" fill="none"/>`
}

func outline(word string) string {
	switch word {
	case "mug", "cup", "bowl", "tea", "saucer", "teacup", "beaker", "goblet", "glas":
		return `<path d="M58 84h76v44a34 34 0 0 1-34 34h-8a34 34 0 0 1-34-34z"/><path d="M134 94h12a18 18 0 0 1 0 36h-13M84 66c-6-8 6-14 0-22M106 66c-6-8 6-14 0-22" fill="none"/>`
	case "teapot", "kettle", "jug", "can", "pot":
		return `<path d="M62 98h76l10 50a14 14 0 0 1-14 16H66a14 14 0 0 1-14-16z"/><path d="M66 98c4-22 64-22 68 0M100 78v-8M146 116l22-18M55 110c-26-6-28 32-4 34" fill="none"/>`
	case "jar", "bottle", "flask", "caddy", "tin", "press", "set", "diffuser", "spray", "salt":
		return `<rect x="66" y="82" width="68" height="82" rx="14"/><path d="M76 82V62h48v20M66 108h68" fill="none"/>`
	case "vase", "carafe", "planter", "flower", "plant":
		return `<path d="M84 76c0 20-24 28-24 52 0 24 16 36 40 36s40-12 40-36c0-24-24-32-24-52z"/><path d="M100 76V40M100 58c-4-16-18-20-24-18 0 12 12 20 24 18zM100 52c2-12 14-18 22-16 0 12-10 18-22 16z"/>`
	case "lamp", "light", "lantern", "torch", "lampshade":
		return `<path d="M76 46h48l20 54H56z"/><path d="M100 100v58M74 162h52" fill="none"/>`
	case "candle", "holder", "tealight", "candlestick", "candleholder":
		return `<rect x="76" y="92" width="48" height="72" rx="6"/><path d="M100 92V80" fill="none"/><path d="M100 80c-12-8-6-22 0-32 6 10 12 24 0 32z"/>`
	case "cushion", "pillowcase", "bolster", "quilt", "warmer":
		return `<path d="M50 66c16 8 84 8 100 0-8 16-8 80 0 96-16-8-84-8-100 0 8-16 8-80 0-96z"/><path d="M100 108v12M94 114h12" fill="none"/>`
	case "throw", "towel", "sheet", "cover", "rug", "bedspread", "blanket", "mat", "runner", "kilim", "doormat", "napkin", "doiley", "linen":
		return `<rect x="48" y="72" width="104" height="84" rx="4"/><path d="M48 92h104M48 136h104M60 156v10M80 156v10M100 156v10M120 156v10M140 156v10" fill="none"/>`
	case "notebook", "sketchbook", "planner", "journal", "book", "card", "print", "tissue", "wrap":
		return `<path d="M56 46h80a10 10 0 0 1 10 10v108H66a10 10 0 0 1-10-10z"/><path d="M72 46v118M90 78h38M90 96h26" fill="none"/>`
	case "bag", "backpack", "pannier", "wallet", "shopper", "purse", "daypack", "handbag", "basket":
		return `<path d="M54 86h92l8 78H46z"/><path d="M76 86V72a24 24 0 0 1 48 0v14" fill="none"/>`
	case "frame", "mirror", "sign", "picture", "chalkboard", "blackboard", "tray", "board":
		return `<rect x="52" y="58" width="96" height="106" rx="6"/><path d="M70 76h60v70H70zM100 58V40" fill="none"/>`
	case "clock", "bell", "scale":
		return `<circle cx="100" cy="110" r="54"/><path d="M100 80v32l20 12" fill="none"/>`
	case "tambourine", "plate", "doily", "coaster", "drum", "griddle":
		return `<circle cx="100" cy="110" r="54"/><circle cx="100" cy="110" r="34" fill="none"/>`
	case "ukulele":
		return `<path d="M100 96c-20-26-48 4-30 26-22 14-8 44 30 44s52-30 30-44c18-22-10-52-30-26z"/><path d="M100 92V36M90 40h20M90 52h20" fill="none"/><circle cx="100" cy="128" r="10" fill="none"/>`
	case "knife", "trowel", "pen", "pencil", "fork", "opener", "dibber", "pole", "tamper", "whisk", "pin", "shear", "spoon":
		return `<path d="M92 40h16v70l-8 14-8-14z"/><path d="M100 124v40M88 164h24" fill="none"/>`
	case "pan", "casserole", "saucepan", "wok", "stove":
		return `<path d="M44 100h92v36a24 24 0 0 1-24 24H68a24 24 0 0 1-24-24z"/><path d="M136 112h34M60 84h60" fill="none"/>`
	case "chair", "stool", "table":
		return `<path d="M66 104h68v14H66z"/><path d="M70 118v46M130 118v46M70 104V52h56" fill="none"/>`
	case "jacket", "beanie", "sock", "cap", "apron", "slipper":
		return `<path d="M76 54l24 12 24-12 30 26-16 24-12-8v68H74V96l-12 8-16-24z"/>`
	case "heart", "necklace", "bracelet", "earring", "ring", "charm":
		return `<path d="M100 160c-40-32-54-52-44-76 10-20 36-18 44 4 8-22 34-24 44-4 10 24-4 44-44 76z"/>`
	case "house", "feeder", "hotel", "birdhouse", "nesting", "playhouse":
		return `<path d="M58 96h84v68H58z"/><path d="M46 98l54-50 54 50M100 118v20" fill="none"/><circle cx="100" cy="124" r="12" fill="none"/>`
	case "game", "puzzle", "block", "tower", "maze", "teaser", "train", "toy", "backgammon", "chess":
		return `<rect x="50" y="112" width="50" height="52" rx="4"/><rect x="102" y="112" width="50" height="52" rx="4"/><rect x="76" y="58" width="50" height="52" rx="4"/>`
	}
	return ""
}
