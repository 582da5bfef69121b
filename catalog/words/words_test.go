package words_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/goldrec/gold/catalog/words"
)

func ExampleAll() {
	for w := range words.All("Men's TEA-POTS, Größe 2") {
		fmt.Println(w, words.Stem(w))
	}
	// Output:
	// men man
	// tea tea
	// pots pot
	// grosse gross
	// 2 2
}

func TestAll(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"", ""},
		{" -- ", ""},
		{"Green TEA", "green tea"},
		{"wi-fi 6", "wi fi 6"},
		{"men's o'neill’s rock'n'roll 's", "men o neill rock n roll s"},
		{"its'story", "its story"},
		{"Crème Brûlée Ångström ŁÓDŹ Ñandú", "creme brulee angstrom lodz nandu"},
		{"Cre\u0300me bru\u0302le\u0323e\u0301", "creme brulee"},
		{"Straße STRASSE Œuvre Æther ﬁne Ĳssel Þór", "strasse strasse oeuvre aether fine ijssel thor"},
		{"ΣΊΣΥΦΟΣ σίσυφος", "σισυφοσ σισυφοσ"},
		{"Ёлка елка", "елка елка"},
		{"ＷＩＤＥ １２", "wide 12"},
		{"緑茶セット", "緑 茶 セ ッ ト"},
		{"हिन्दी", "हिन्दी"},
		{"a\xffb", "a b"},
		{"Ärmel-Äpfel", "armel apfel"},
		{"İstanbul ISTANBUL", "istanbul istanbul"},
		{strings.Repeat("x", 100), strings.Repeat("x", words.WordMax)},
		{strings.Repeat("é", 100), strings.Repeat("e", words.WordMax)},
		{strings.Repeat("я", 100), strings.Repeat("я", words.WordMax/2)},
	}
	for _, tt := range tests {
		if got := strings.Join(slices.Collect(words.All(tt.text)), " "); got != tt.want {
			t.Errorf("All(%q) = %q; want %q", tt.text, got, tt.want)
		}
	}
	for w := range words.All("stops here") {
		if w != "stops" {
			t.Errorf("went on to %q", w)
		}
		break
	}
	if n := len(slices.Collect(words.All(strings.Repeat("ab ", words.TextMax)))); n != words.TextMax/3+1 {
		t.Errorf("%d words of a long text", n)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"": false, "tea": true, "tea ": false, "tea-": false, "茶": true, "te\xff": false} {
		if words.Open(text) != want {
			t.Errorf("Open(%q) = %v", text, !want)
		}
	}
}

// Words on a line are one word with its forms; the first is the stem.
func TestStem(t *testing.T) {
	t.Parallel()
	forms := `
teapot teapots
pot pots potted potting
gift gifts gifted gifting
box boxes boxed
batteri battery batteries
shoe shoes
watch watches watching
glass glasses
dress dresses dressed
run running runs
knife knives
shelf shelves
leaf leaves
man men
woman women
child children
mous mouse mice
lens lenses
bus buses
canvas canvases
headphon headphone headphones
rate rate rated rates
organiz organize organizes organizing
organizer organizers
organic
tie ties tying tie
toy toys
hop hopping hopped
hope hoping hope hopes
fill filling filled fills
compel compelled
agre agree agreed agreeing
feed feed
ring ring rings
earring earrings
cactus
chess
gas
bed
sing singing
skill skills
christmas
new new
news
universal
univers universe
roll rolls rolling
e4
日本
yes
`
	for line := range strings.Lines(strings.TrimSpace(forms)) {
		all := strings.Fields(line)
		for _, w := range all[min(1, len(all)-1):] {
			if got := words.Stem(w); got != all[0] {
				t.Errorf("Stem(%q) = %q; want %q", w, got, all[0])
			}
		}
	}
}

// A word is in the form that All brings words to, and a stem is never empty.
func FuzzAll(f *testing.F) {
	f.Add("Men's TEA-POTS, Größe 2 緑茶")
	f.Add("ǅ ΐ ﬁ İ ẞ \u0345 K Å")
	f.Fuzz(func(t *testing.T, text string) {
		for w := range words.All(text) {
			if w == "" || len(w) > words.WordMax || !utf8.ValidString(w) {
				t.Fatalf("word %q of %q", w, text)
			}
			if s := words.Stem(w); s == "" || len(s) > len(w)+1 {
				t.Fatalf("stem %q of %q", s, w)
			}
			if again := slices.Collect(words.All(w)); len(w) < words.WordMax-4 && !slices.Equal(again, []string{w}) {
				t.Fatalf("words of %q: %s", w, cmp.Diff([]string{w}, again))
			}
		}
	})
}

func BenchmarkAll(b *testing.B) {
	text := "HP 74 Black & 75 Tri-color Original Ink Cartridges, 2 Cartridges (CB335WN, CB337WN)"
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for w := range words.All(text) {
			n += len(words.Stem(w))
		}
	}
}
