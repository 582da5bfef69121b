package growthbook

import "strings"

// versionsOrderAs judges eq, ne, lt, lte, gt and gte of versions; only two strings or two numbers are versions.
func versionsOrderAs(op string, a, b any) bool {
	if kind := kindOf(a); kind != kindOf(b) || kind != "string" && kind != "number" {
		return op == "ne"
	}
	va, vb := padded(a), padded(b)
	switch op {
	case "eq":
		return va == vb
	case "ne":
		return va != vb
	}
	return ordersAs(op, va, vb)
}

// padded writes a version so that the order of texts is the order of versions: without a leading v and build metadata,
// numbers padded to five places, and a release without pre-release tag after those with one.
func padded(v any) string {
	s, ok := v.(string)
	if f, isNumber := v.(float64); isNumber {
		s, ok = number(f), true
	}
	if !ok || s == "" {
		s = "0"
	}
	s = strings.TrimPrefix(s, "v")
	s, _, _ = strings.Cut(s, "+")
	parts := strings.Split(strings.ReplaceAll(s, ".", "-"), "-")
	if len(parts) == 3 {
		parts = append(parts, "~")
	}
	for i, part := range parts {
		if part != "" && strings.Trim(part, "0123456789") == "" && len(part) < 5 {
			parts[i] = strings.Repeat(" ", 5-len(part)) + part
		}
	}
	return strings.Join(parts, "-")
}
