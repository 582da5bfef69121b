package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

//go:embed costs.json
var measured []byte

// cost is one measured figure, and the command that measures it again.
type cost struct {
	Value float64
	Unit  string
	From  string
}

// costs are the figures by name. All of costs.json must be there and above 0.
type costs map[string]cost

// readCosts reads the figures that came with the program, and over them those of a file, if one is named.
func readCosts(path string) (costs, error) {
	all := costs{}
	if err := json.Unmarshal(measured, &all); err != nil {
		return nil, err
	}
	if path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		own := costs{}
		if err := json.Unmarshal(text, &own); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for name := range own {
			if _, ok := all[name]; !ok {
				return nil, fmt.Errorf("%s: nobody asks for a cost %q", path, name)
			}
		}
		maps.Copy(all, own)
	}
	for name, c := range all {
		if !(c.Value > 0) {
			return nil, fmt.Errorf("cost %q is %v", name, c.Value)
		}
	}
	return all, nil
}

func (c costs) of(name string) float64 {
	is, ok := c[name]
	if !ok {
		panic("no cost " + name) // a name misspelt here
	}
	return is.Value
}

func (c costs) print(w io.Writer) {
	for _, name := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(w, "| %s | %g %s | %s |\n", name, c[name].Value, c[name].Unit, c[name].From)
	}
}
