package seed

// department is a branch of the made-up shop, and leaf a category at its end.
type department struct {
	name   string
	leaves []leaf
}

type leaf struct {
	name      string
	nouns     []string
	materials []string
	low, high int    // the usual prices, in euros
	goesWith  string // the leaf whose products are bought along with these
}

// tree is the shop's category tree. What is sold together (goesWith) crosses its branches now and then, so that "bought
// together" can show something that "similar" cannot.
func tree() []department {
	var (
		wood    = []string{"oak", "walnut", "ash", "beech", "bamboo"}
		clay    = []string{"stoneware", "porcelain", "earthenware", "terracotta"}
		metal   = []string{"steel", "brass", "copper", "cast-iron", "enamel"}
		textile = []string{"linen", "cotton", "wool", "velvet", "hemp"}
		glass   = []string{"glass", "smoked-glass", "ribbed-glass", "crystal"}
		leather = []string{"leather", "suede", "canvas", "waxed-cotton"}
		sport   = []string{"nylon", "merino", "ripstop", "softshell", "fleece"}
		paper   = []string{"recycled-paper", "cotton-paper", "kraft", "linen-bound"}
	)
	return []department{
		{"Kitchen", []leaf{
			{"Coffee", []string{"pour-over set", "moka pot", "French press", "coffee grinder", "gooseneck kettle", "espresso tamper"}, metal, 19, 160, "Cups & mugs"},
			{"Tea", []string{"teapot", "tea caddy", "tea infuser", "matcha whisk set", "iron kettle"}, append(clay[:2:2], metal...), 12, 110, "Cups & mugs"},
			{"Cups & mugs", []string{"mug", "espresso cup", "tea bowl", "cappuccino cup", "travel cup"}, append(clay, "enamel"), 7, 38, "Coffee"},
			{"Cookware", []string{"sauté pan", "casserole", "saucepan", "griddle", "wok", "roasting tin"}, metal, 29, 240, "Knives & boards"},
			{"Knives & boards", []string{"chef's knife", "paring knife", "chopping board", "bread knife", "serving board"}, append(wood, "steel"), 15, 190, "Cookware"},
			{"Baking", []string{"loaf tin", "mixing bowl", "rolling pin", "cake stand", "proofing basket"}, append(metal[:3:3], wood[:3]...), 9, 70, "Storage jars"},
			{"Storage jars", []string{"storage jar", "spice jar set", "bread bin", "oil bottle"}, append(glass, "stoneware"), 6, 60, "Baking"},
		}},
		{"Living", []leaf{
			{"Lamps", []string{"table lamp", "floor lamp", "pendant light", "reading lamp", "wall light"}, append(metal[:3:3], glass[:2]...), 35, 320, "Candles"},
			{"Candles", []string{"scented candle", "candle holder", "lantern", "tealight set"}, append(glass[:2:2], "brass", "beeswax"), 6, 55, "Vases"},
			{"Vases", []string{"vase", "bud vase", "planter bowl", "carafe vase"}, append(clay, glass...), 12, 120, "Candles"},
			{"Cushions & throws", []string{"cushion", "throw", "floor cushion", "bolster"}, textile, 18, 150, "Rugs"},
			{"Rugs", []string{"rug", "runner", "doormat", "kilim"}, []string{"wool", "jute", "cotton", "sisal"}, 25, 480, "Cushions & throws"},
			{"Wall art", []string{"art print", "picture frame", "wall mirror", "wall clock"}, append(wood[:3:3], "brass", "cotton-paper"), 14, 210, "Lamps"},
		}},
		{"Bed & bath", []leaf{
			{"Bed linen", []string{"duvet cover", "pillowcase pair", "fitted sheet", "bedspread"}, textile[:2], 24, 220, "Cushions & throws"},
			{"Towels", []string{"bath towel", "hand towel pair", "bath mat", "hammam towel"}, []string{"cotton", "linen", "bamboo"}, 9, 70, "Bathroom"},
			{"Bathroom", []string{"soap dish", "toothbrush cup", "laundry basket", "bath tray"}, append(clay[:2:2], wood...), 8, 85, "Soap & scent"},
			{"Soap & scent", []string{"hand soap", "bath salts", "room spray", "reed diffuser"}, []string{"cedar", "fig", "lavender", "vetiver", "sea-salt"}, 7, 60, "Towels"},
		}},
		{"Garden", []leaf{
			{"Pots", []string{"plant pot", "hanging pot", "window box", "self-watering pot"}, append(clay, "zinc"), 8, 95, "Garden tools"},
			{"Garden tools", []string{"hand trowel", "pruning shears", "watering can", "garden fork", "dibber"}, []string{"steel", "copper", "ash", "galvanised"}, 11, 120, "Pots"},
			{"Outdoor dining", []string{"picnic blanket", "fire bowl", "folding table", "garden lantern"}, []string{"teak", "steel", "acacia", "canvas"}, 22, 390, "Coolers & flasks"},
			{"Bird & bee", []string{"bird feeder", "nesting box", "bee hotel", "bird bath"}, []string{"cedar", "terracotta", "pine", "zinc"}, 12, 80, "Pots"},
		}},
		{"Desk", []leaf{
			{"Notebooks", []string{"notebook", "sketchbook", "weekly planner", "travel journal"}, paper, 6, 42, "Pens"},
			{"Pens", []string{"fountain pen", "rollerball pen", "mechanical pencil", "pencil set"}, []string{"brass", "aluminium", "ebonite", "cedar"}, 5, 180, "Notebooks"},
			{"Desk things", []string{"desk tray", "pen stand", "bookend pair", "desk mat", "letter opener"}, append(wood[:2:2], "brass", "felt", "leather"), 12, 130, "Pens"},
			{"Chairs & stools", []string{"desk chair", "stool", "folding chair"}, wood, 69, 520, "Lamps"},
		}},
		{"Out & about", []leaf{
			{"Bags", []string{"tote bag", "backpack", "messenger bag", "weekend bag"}, leather, 29, 340, "Small leather"},
			{"Small leather", []string{"wallet", "card holder", "key fob", "belt", "passport cover"}, leather[:2], 15, 120, "Bags"},
			{"Walking", []string{"rain jacket", "walking socks", "trekking pole", "daypack", "beanie"}, sport, 14, 290, "Coolers & flasks"},
			{"Camping", []string{"sleeping mat", "camp stove", "head torch", "hammock", "camp mug"}, append(sport[:1:1], "titanium", "canvas", "ripstop"), 16, 360, "Walking"},
			{"Coolers & flasks", []string{"vacuum flask", "water bottle", "lunch box", "cool bag"}, []string{"steel", "glass", "enamel", "canvas"}, 13, 95, "Walking"},
			{"Cycling", []string{"bicycle bell", "pannier", "cycling cap", "bike light", "saddle bag"}, append(leather, "brass"), 11, 190, "Coolers & flasks"},
		}},
		{"Play", []leaf{
			{"Board games", []string{"chess set", "strategy game", "card game", "backgammon set", "word game"}, wood, 14, 140, "Puzzles"},
			{"Puzzles", []string{"jigsaw puzzle", "brain teaser", "marble maze"}, append(wood[:2:2], "cardboard"), 9, 60, "Board games"},
			{"Wooden toys", []string{"building blocks", "toy train", "stacking tower", "pull-along duck"}, wood, 12, 90, "Puzzles"},
			{"Music", []string{"ukulele", "kalimba", "tambourine", "record rack", "harmonica"}, append(wood, "brass"), 19, 310, "Wall art"},
		}},
	}
}

func colours() []string {
	return []string{"ivory", "sand", "ochre", "terracotta", "rose", "plum", "navy", "sky", "teal", "sage", "forest", "charcoal"}
}
