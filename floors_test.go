package gold_test

import (
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const modulePath = "github.com/goldrec/gold"

// A floor is a height in the house and the rooms on it. "*" is any one name.
//
// The rule: a package imports what is on lower floors, and what is in its own room. A room is a directory named here
// with all below it. Test files may also look sideways, and at conformance suites (storetest, …) wherever they are.
type floor struct {
	name  string
	rooms []string
}

// floors lists the house from the ground up. An adapter, the examples and the benchmarks are modules of their own above
// it, so that what is here cannot reach them without a requirement that TestRootRequiresOnlyAllowedModules refuses.
func floors() []floor {
	return []floor{
		{"0, internal parts and the form of files", []string{"internal", "codec"}},
		{"1, rooms", []string{"catalog", "store", "ann", "experiment", "deals"}},
		{"2, what a model is", []string{"recommend/model"}},
		{"2, what a page is made with", []string{"recommend/stage"}},
		{"2, what models of links between items answer with", []string{"recommend/internal/links"}},
		{"2, how links between items are regressed", []string{"recommend/internal/ridge"}},
		{"2, families of models", []string{"recommend/*"}},
		{"2, what stands on stages, and the blend", []string{"recommend/source", "recommend/blend"}},
		{"2, the engine", []string{"recommend"}},
		{"2, the suite of models", []string{"recommend/recommendtest"}},
		{"3, above the house", []string{".", "benchmarks", "examples", "tools", "store/*store"}},
	}
}

// sideways lists what may import a neighbour on its own floor.
func sideways() map[string]string {
	return map[string]string{"catalog": "ann"} // similar items by vector
}

// place finds the floor of a directory, counted from 0, and its room: the deepest that matches, and of those a plain
// name before a pattern. ok is false for a directory that has no place in the house.
func place(dir string) (level int, room string, ok bool) {
	var depth int
	for l, f := range floors() {
		for _, pattern := range f.rooms {
			n := strings.Count(pattern, "/") + 1
			head := strings.Join(firstN(strings.Split(dir, "/"), n), "/")
			if match, _ := path.Match(pattern, head); !match {
				continue
			}
			if n > depth || n == depth && pattern == head {
				level, room, ok, depth = l, head, true, n
			}
		}
	}
	return level, room, ok
}

func firstN(s []string, n int) []string { return s[:min(n, len(s))] }

func TestFloors(t *testing.T) {
	for _, problem := range floorProblems(readModule(t, os.DirFS("."))) {
		t.Error(problem)
	}
}

// floorProblems names every import of a package of the module that goes upward, sideways or in a circle.
func floorProblems(files []source) []string {
	var problems []string
	deps := map[string][]string{}
	for _, f := range files {
		for _, dep := range f.imports() {
			dep, ours := strings.CutPrefix(dep+"/", modulePath+"/")
			if !ours {
				continue
			}
			dep = path.Clean(dep)
			if !f.test {
				deps[f.dir] = append(deps[f.dir], dep)
			}
			if p := importProblem(f, dep); p != "" {
				problems = append(problems, p)
			}
		}
		if _, _, ok := place(f.dir); !ok {
			problems = append(problems, fmt.Sprintf("%s has no floor; give it one in floors_test.go and DESIGN.md", f.dir))
		}
	}
	if c := circle(deps); c != nil {
		problems = append(problems, "circle of imports: "+strings.Join(c, " → "))
	}
	slices.Sort(problems)
	return slices.Compact(problems)
}

func importProblem(f source, dep string) string {
	from, room, ok := place(f.dir)
	to, depRoom, depOK := place(dep)
	if !ok || !depOK {
		return "" // said once, by floorProblems, when the package itself is met
	}
	var way string
	switch {
	case room == depRoom || from > to || sideways()[room] == depRoom:
		return ""
	case f.test && (from == to || strings.HasSuffix(dep, "test")):
		return ""
	case from == to:
		way = "sideways"
	default:
		way = "upward"
	}
	return fmt.Sprintf("%s (floor %s) imports %s (floor %s): %s, in %s",
		f.dir, floors()[from].name, dep, floors()[to].name, way, f.name)
}

// circle returns the packages of one circle of imports, the first again at the end, or nil.
func circle(deps map[string][]string) []string {
	done := map[string]bool{}
	var walk func(trail []string) []string
	walk = func(trail []string) []string {
		at := trail[len(trail)-1]
		if i := slices.Index(trail[:len(trail)-1], at); i >= 0 {
			return trail[i:]
		}
		if done[at] {
			return nil
		}
		for _, dep := range deps[at] {
			if c := walk(append(slices.Clone(trail), dep)); c != nil {
				return c
			}
		}
		done[at] = true
		return nil
	}
	for _, dir := range slices.Sorted(maps.Keys(deps)) {
		if c := walk([]string{dir}); c != nil {
			return c
		}
	}
	return nil
}

// The checker itself, on small made-up houses.
func TestFloorProblems(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string // file → the packages of the module it imports
		want  []string          // both names that the one problem must hold, and its kind; nil: no problem
	}{
		{"downward", map[string]string{"store/a.go": "internal/topk", "recommend/als/a.go": "recommend/model ann"}, nil},
		{"own room", map[string]string{"experiment/stats/a.go": "experiment", "internal/a/a.go": "internal/b"}, nil},
		{"room by its own subpackage", map[string]string{"experiment/a.go": "experiment/stats"}, nil},
		{"catalog may see ann", map[string]string{"catalog/a.go": "ann"}, nil},
		{"engine sees blend, source sees stages", map[string]string{"recommend/a.go": "recommend/blend", "recommend/source/a.go": "recommend/stage"}, nil},
		{"suite in a test", map[string]string{"store/a_test.go": "store/storetest", "recommend/als/a_test.go": "recommend/recommendtest"}, nil},
		{"neighbour in a test", map[string]string{"recommend/als/a_test.go": "recommend/eval"}, nil},
		{"adapter sees the store", map[string]string{"store/pebblestore/a.go": "store"}, nil},
		{"other module of a like name", map[string]string{"ann/a.go": "../goldx/store"}, nil},

		{"upward", map[string]string{"store/a.go": "recommend"}, []string{"store ", "recommend ", "upward"}},
		{"upward from the ground", map[string]string{"internal/simd/a.go": "ann"}, []string{"internal/simd ", "ann ", "upward"}},
		{"upward in a test", map[string]string{"ann/a_test.go": "recommend"}, []string{"ann ", "recommend ", "upward"}},
		{"upward to the suite", map[string]string{"recommend/als/a.go": "recommend/recommendtest"}, []string{"recommend/als ", "recommend/recommendtest ", "upward"}},
		{"model to engine", map[string]string{"recommend/als/a.go": "recommend"}, []string{"recommend/als ", "recommend ", "upward"}},
		{"model to blend", map[string]string{"recommend/als/a.go": "recommend/blend"}, []string{"recommend/als ", "recommend/blend ", "upward"}},
		{"to an adapter", map[string]string{"store/a.go": "store/pebblestore"}, []string{"store ", "store/pebblestore ", "upward"}},
		{"to the root", map[string]string{"deals/a.go": "."}, []string{"deals ", ". ", "upward"}},
		{"sideways", map[string]string{"deals/a.go": "store"}, []string{"deals ", "store ", "sideways"}},
		{"ann may not see catalog", map[string]string{"ann/a.go": "catalog"}, []string{"ann ", "catalog ", "sideways"}},
		{"sideways below the room", map[string]string{"experiment/stats/a.go": "store/storetest"}, []string{"experiment/stats ", "store/storetest ", "sideways"}},
		{"model to model", map[string]string{"recommend/als/a.go": "recommend/itemknn"}, []string{"recommend/als ", "recommend/itemknn ", "sideways"}},
		{"circular", map[string]string{"internal/a/a.go": "internal/b", "internal/b/b.go": "internal/a"}, []string{"internal/a ", " internal/b ", "circle"}},
		{"circular by three", map[string]string{"ann/a.go": "ann/b", "ann/b/b.go": "ann/c", "ann/c/c.go": "ann"}, []string{"ann/b", "ann/c", "circle"}},
		{"no place", map[string]string{"util/a.go": ""}, []string{"util ", "no floor"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree := fstest.MapFS{}
			for name, deps := range tt.files {
				tree[name] = &fstest.MapFile{Data: importing(strings.Fields(deps))}
			}
			got := floorProblems(readModule(t, tree))
			if tt.want == nil && len(got) > 0 || tt.want != nil && len(got) != 1 {
				t.Fatalf("problems %q, want %d", got, min(1, len(tt.want)))
			}
			for _, want := range tt.want {
				if !strings.Contains(got[0], want) {
					t.Errorf("problem %q does not say %q", got[0], want)
				}
			}
		})
	}
}

func importing(deps []string) []byte {
	text := []byte("package p\n")
	for _, dep := range deps {
		text = fmt.Appendf(text, "import _ %q\n", path.Join(modulePath, dep))
	}
	return text
}
