package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log, svg := filepath.Join(dir, "log.csv"), filepath.Join(dir, "out.svg")
	rows := "item_id,click\n" + strings.Repeat("0,0\n1,0\n1,1\n", 50)
	if err := os.WriteFile(log, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run(log, 500, 2, svg, &out); err != nil {
		t.Fatal(err)
	}
	picture, err := os.ReadFile(svg)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"random", "thompson-beta", "ucb1"} {
		if !strings.Contains(out.String(), name) || !strings.Contains(string(picture), name) {
			t.Errorf("%s is missing in\n%s", name, out.String())
		}
	}
	if strings.Count(string(picture), "<polyline") != 5 {
		t.Errorf("curves: %s", picture)
	}
	for _, bad := range []string{"", "item_id,click\n", "a,b\n1,0\n", "item_id,click\nx,0\n", "item_id,click\n-1,0\n"} {
		if err := os.WriteFile(log, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run(log, 500, 1, "", &out); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
