package recommend_test

// experimentOf assigns as the function does.
type experimentOf struct {
	key   string
	names []string
	of    func(user string) string
}

func (x experimentOf) Key() string                { return x.key }
func (x experimentOf) Variants() []string         { return x.names }
func (x experimentOf) Variant(user string) string { return x.of(user) }

// everybody is in one variant of the experiment "test".
func everybody(variant string) experimentOf {
	return experimentOf{"test", []string{variant, "other"}, func(string) string { return variant }}
}
