package retail

import "strings"

// Category guesses the category of an item from its title: the last word that tells one, since in English the last noun
// says what a thing is ("lunch bag red retrospot" is a bag). It is empty when no word tells one; about a seventh of the
// stock is such.
func Category(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool {
		return r == ' ' || r == ',' || r == '/' || r == '.' || r == '+' || r == '(' || r == ')'
	})
	for i := len(words) - 1; i >= 0; i-- {
		if c := categoryOf(words[i]); c != "" {
			return c
		}
	}
	return ""
}

// categoryOf is the category that a single word tells, in the singular or plural that the data set uses.
func categoryOf(word string) string {
	switch word {
	case "bag", "bags", "jumbo", "shopper", "handbag", "purse", "wallet", "backpack", "rucksack", "suitcase":
		return "Bags"
	case "candle", "candles", "t-light", "t-lights", "tealight", "lantern", "lanterns", "light", "lights", "lamp",
		"lampshade", "candlestick", "candleholder", "chandelier", "incense":
		return "Candles & lights"
	case "mug", "mugs", "cup", "cups", "saucer", "teacup", "teapot", "plate", "plates", "bowl", "bowls", "jug", "tumbler",
		"beaker", "glass", "glasses", "goblet", "tray", "napkin", "napkins", "doiley", "doilies", "coaster", "coasters",
		"cutlery", "placemat", "placemats":
		return "Table"
	case "tin", "tins", "jar", "jars", "cakestand", "cake", "cases", "baking", "mould", "moulds", "apron", "oven",
		"kitchen", "spoon", "spoons", "cutters", "scales", "pantry", "bottle", "cookie", "recipe", "lunch", "snack":
		return "Kitchen"
	case "card", "cards", "wrap", "gift", "ribbon", "ribbons", "tissue", "tape", "tag", "tags", "envelope", "postcard":
		return "Cards & wrapping"
	case "pen", "pens", "pencil", "pencils", "notebook", "journal", "book", "calculator", "sketchbook", "stickers",
		"sticker", "eraser", "erasers", "magnet", "magnets", "chalk", "chalkboard", "blackboard", "stamp", "pad":
		return "Stationery"
	case "necklace", "bracelet", "earrings", "ring", "brooch", "bangle", "hairclip", "hairclips", "hairslide", "charm",
		"pendant", "jewellery", "hairband":
		return "Jewellery"
	case "christmas", "xmas", "bauble", "baubles", "advent", "wreath", "reindeer", "snowflake", "snowman", "easter",
		"bunting", "garland", "balloon", "balloons", "party":
		return "Feasts & parties"
	case "doll", "toy", "toys", "game", "games", "puzzle", "playhouse", "skittles", "dominoes", "soldiers", "spaceboy",
		"dolly", "jigsaw", "bear", "teddy", "kite", "yo-yo", "marbles":
		return "Toys & games"
	case "garden", "planter", "plant", "pot", "pots", "watering", "gardeners", "trellis", "birdhouse", "parasol",
		"seeds", "flower", "flowers", "bird", "butterfly":
		return "Garden"
	case "cushion", "cushions", "quilt", "rug", "doormat", "door", "mat", "throw", "blanket", "curtain", "bottle-cover",
		"draught", "warmer", "slippers", "towel", "towels", "soap", "bathroom", "bath":
		return "Textiles & bath"
	case "frame", "frames", "clock", "mirror", "sign", "hook", "hooks", "hanger", "hangers", "ornament", "decoration",
		"decorations", "drawer", "cabinet", "shelf", "box", "boxes", "basket", "baskets", "holder", "holders", "vase",
		"knob", "picture", "wall", "heart", "hearts", "letters", "stand", "storage", "chest", "rack", "stool", "chair":
		return "Home"
	}
	return ""
}
