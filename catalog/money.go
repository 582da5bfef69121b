package catalog

import (
	"strconv"
	"strings"
)

// parseAmount reads a decimal number as a whole number of units of 10^-digits, exactly.
func parseAmount(s string, digits int) (int64, error) {
	whole, fraction, _ := strings.Cut(s, ".")
	for len(fraction) > digits && strings.HasSuffix(fraction, "0") {
		fraction = fraction[:len(fraction)-1]
	}
	if len(fraction) > digits {
		return 0, invalid("price", "%.64q has more than %d decimals", s, digits)
	}
	text := whole + fraction + strings.Repeat("0", digits-len(fraction))
	minor, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strings.Trim(whole+fraction, "0123456789") != "" || whole == "" {
		return 0, invalid("price", "%.64q is no decimal number such as 19.99", s)
	}
	return minor, nil
}

// minorDigits is how many decimals a currency has (ISO 4217).
func minorDigits(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	}
	return 2
}
