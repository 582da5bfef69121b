package stage_test

import (
	"testing"

	"github.com/goldrec/gold/catalog"
	"github.com/goldrec/gold/recommend/stage"
	"github.com/goldrec/gold/recommend/stage/stagetest"
)

// stages are all of this package, most in several moods. Each call makes new ones.
func stages() map[string]func() stage.Stage {
	acme := catalog.Equals("brand", "Acme")
	return map[string]func() stage.Stage{
		"preferences": func() stage.Stage { return &stage.Preferences{} },
		"preferences, all": func() stage.Stage {
			return &stage.Preferences{
				Like: 0.3, Dislike: 2, Attributes: map[string]string{"seller": "attr.seller"},
				Segments: map[string]catalog.Filter{"vip": catalog.Price("EUR", 200, 1000)},
			}
		},
		"boost": func() stage.Stage { return &stage.Boost{Where: acme, By: 0.5} },
		"bury":  func() stage.Stage { return &stage.Boost{Where: acme, By: -3e38} },
		"pin": func() stage.Stage {
			return &stage.Pin{Slots: map[int]string{1: "item5", 3: "item6", 90: "item10", 4: "none"}}
		},
		"pin none":       func() stage.Stage { return &stage.Pin{} },
		"promote":        func() stage.Stage { return &stage.Promote{Where: acme} },
		"promote few":    func() stage.Stage { return &stage.Promote{Where: acme, Every: 2, Max: 3} },
		"cap":            func() stage.Stage { return &stage.Cap{Field: "brand", Max: 2} },
		"cap categories": func() stage.Stage { return &stage.Cap{Field: "category"} },
		"once":           func() stage.Stage { return &stage.Once{Field: "attr.product"} },
		"diverse":        func() stage.Stage { return &stage.Diverse{} },
		"diverse, all": func() stage.Stage {
			return &stage.Diverse{Lambda: 0.2, Fields: []string{"brand", "attr.seller"}, Vector: vector}
		},
		"epsilon":     func() stage.Stage { return &stage.Explore{Epsilon: 0.2} },
		"temperature": func() stage.Stage { return &stage.Explore{Temperature: 0.5, Depth: 30} },
		"both":        func() stage.Stage { return &stage.Explore{Epsilon: 0.5, Temperature: 1e-3} },
	}
}

// vector gives every fifth item none and every seventh one of another length.
func vector(item uint32) []float32 {
	switch {
	case item%5 == 0:
		return nil
	case item%7 == 0:
		return vectors[:1]
	}
	return vectors[item%9 : item%9+3]
}

var vectors = []float32{0.5, -1, 0.25, 1, 1, 0, 2, -0.5, 0.125, 1, -1, 3}

func TestSuite(t *testing.T) {
	for name, newStage := range stages() {
		t.Run(name, func(t *testing.T) { stagetest.Run(t, newStage) })
	}
}
