package gold_test

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/token"
	"go/types"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestHouseRules(t *testing.T) {
	for _, problem := range ruleProblems(readModule(t, os.DirFS("."))) {
		t.Error(problem)
	}
}

// ruleProblems names what breaks a rule of the house that a program can check: packages without a comment, chance that
// no seed governs, clocks that nobody injected, init functions and package-level state.
func ruleProblems(files []source) []string {
	var problems []string
	packages := map[string][]source{}
	for _, f := range files {
		problems = append(problems, chanceProblems(f)...)
		if !f.test {
			if !strings.HasSuffix(f.dir, "test") { // a conformance suite is a test that others import
				problems = append(problems, clockProblems(f)...)
			}
			packages[f.dir] = append(packages[f.dir], f)
		}
	}
	for dir, files := range packages {
		if !slices.ContainsFunc(files, func(f source) bool { return f.ast.Doc != nil }) {
			problems = append(problems, dir+": no package comment")
		}
		problems = append(problems, stateProblems(files)...)
	}
	slices.Sort(problems)
	return slices.Compact(problems)
}

// chanceProblems: no math/rand, and of math/rand/v2 nothing that draws from the process-wide source.
func chanceProblems(f source) []string {
	var problems []string
	for _, spec := range f.ast.Imports {
		if spec.Path.Value == `"math/rand"` {
			problems = append(problems, f.problem(spec.Pos(), "math/rand; take math/rand/v2"))
		}
	}
	seeded := []string{"New", "NewPCG", "NewChaCha8", "NewZipf", "Rand", "PCG", "ChaCha8", "Zipf", "Source"}
	for _, sel := range selectors(f, "math/rand/v2") {
		if !slices.Contains(seeded, sel.Sel.Name) {
			problems = append(problems, f.problem(sel.Pos(), "rand.%s draws without a seed", sel.Sel.Name))
		}
	}
	return problems
}

// clockProblems: time is handed in. Naming time.Now as a default is not calling it.
func clockProblems(f source) []string {
	clock := map[*ast.SelectorExpr]bool{}
	for _, sel := range selectors(f, "time") {
		clock[sel] = slices.Contains([]string{"Now", "Since", "Until"}, sel.Sel.Name)
	}
	var problems []string
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && clock[sel] {
				problems = append(problems, f.problem(sel.Pos(), "calls time.%s; take the time from the caller or an injected clock", sel.Sel.Name))
			}
		}
		return true
	})
	return problems
}

// stateProblems names init functions, package-level variables of a type made to change, and those that are assigned to.
// What it cannot see without the imported packages, such as a method that changes its receiver, is left to review.
func stateProblems(files []source) []string {
	var problems []string
	uses := packageVariables(files)
	for _, f := range files {
		for _, decl := range f.ast.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					problems = append(problems, f.problem(d.Pos(), "init function"))
				}
			case *ast.GenDecl:
				problems = append(problems, changingTypes(f, d)...)
			}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			for _, target := range assigned(n) {
				if id := root(target); id != nil && uses[id] {
					problems = append(problems, f.problem(id.Pos(), "changes the package-level variable %s", id.Name))
				}
			}
			return true
		})
	}
	return problems
}

// packageVariables finds the identifiers that stand for a package-level variable of the package itself. Imports stay
// unresolved: nothing outside the package is needed to tell its own names apart.
func packageVariables(files []source) map[*ast.Ident]bool {
	var asts []*ast.File
	for _, f := range files {
		if match, err := build.Default.MatchFile(f.dir, path.Base(f.name)); match || err != nil {
			asts = append(asts, f.ast)
		}
	}
	info := types.Info{Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Error: func(error) {}, Importer: noImports{}}
	pkg, _ := conf.Check(files[0].dir, files[0].fset, asts, &info)
	uses := map[*ast.Ident]bool{}
	for id, obj := range info.Uses {
		if v, ok := obj.(*types.Var); ok && v.Parent() == pkg.Scope() {
			uses[id] = true
		}
	}
	return uses
}

type noImports struct{}

func (noImports) Import(path string) (*types.Package, error) {
	return nil, fmt.Errorf("%s is not needed", path)
}

func changingTypes(f source, d *ast.GenDecl) []string {
	var problems []string
	for _, spec := range d.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok || d.Tok != token.VAR {
			continue
		}
		for _, expr := range append([]ast.Expr{v.Type}, v.Values...) {
			if lit, ok := expr.(*ast.CompositeLit); ok {
				expr = lit.Type
			}
			if generic, ok := expr.(*ast.IndexExpr); ok {
				expr = generic.X
			}
			if sel, ok := expr.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && (x.Name == "sync" || x.Name == "atomic") {
					problems = append(problems, f.problem(v.Pos(), "package-level %s.%s", x.Name, sel.Sel.Name))
				}
			}
		}
	}
	return problems
}

// assigned returns what a statement changes or lets others change.
func assigned(n ast.Node) []ast.Expr {
	switch s := n.(type) {
	case *ast.AssignStmt:
		if s.Tok != token.DEFINE {
			return s.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{s.X}
	case *ast.RangeStmt:
		if s.Tok == token.ASSIGN {
			return []ast.Expr{s.Key, s.Value}
		}
	case *ast.CallExpr:
		if fn, ok := s.Fun.(*ast.Ident); ok && (fn.Name == "clear" || fn.Name == "delete") && len(s.Args) > 0 {
			return s.Args[:1]
		}
	}
	return nil
}

// root is the variable that an expression such as v.f[i] is a part of.
func root(e ast.Expr) *ast.Ident {
	switch x := e.(type) {
	case *ast.Ident:
		return x
	case *ast.SelectorExpr:
		return root(x.X)
	case *ast.IndexExpr:
		return root(x.X)
	case *ast.SliceExpr:
		return root(x.X)
	case *ast.StarExpr:
		return root(x.X)
	case *ast.ParenExpr:
		return root(x.X)
	}
	return nil
}

func TestRuleProblems(t *testing.T) {
	tests := []struct {
		name, file, text string
		want             string // a part of the one problem; empty: none
	}{
		{"clean", "a/a.go", "import \"time\"\nvar names = []string{\"x\"}\nvar now = time.Now\nfunc f() { names := 1; names++; _ = names }", ""},
		{"seeded", "a/a.go", "import \"math/rand/v2\"\nvar _ = rand.New(rand.NewPCG(1, 2)).IntN(3)", ""},
		{"method named init", "a/a.go", "type x int\nfunc (x) init() {}", ""},
		{"clock in a test", "a/a_test.go", "import \"time\"\nvar _ = time.Now()", ""},
		{"clock in a suite", "a/atest/a.go", "import \"time\"\nvar _ = time.Now()", ""},

		{"old rand", "a/a.go", "import _ \"math/rand\"", "a/a.go:3: math/rand"},
		{"old rand in a test", "a/a_test.go", "import _ \"math/rand\"", "math/rand"},
		{"unseeded", "a/a.go", "import \"math/rand/v2\"\nvar n = rand.IntN(3)", "rand.IntN"},
		{"unseeded by another name", "a/a.go", "import mr \"math/rand/v2\"\nvar n = mr.Float64()", "rand.Float64"},
		{"clock", "a/a.go", "import \"time\"\nfunc f() { _ = time.Now() }", "time.Now"},
		{"elapsed", "a/a.go", "import \"time\"\nfunc f(t time.Time) { _ = time.Since(t) }", "time.Since"},
		{"init", "a/a.go", "func init() {}", "a/a.go:3: init function"},
		{"mutex", "a/a.go", "import \"sync\"\nvar mu sync.Mutex", "sync.Mutex"},
		{"pool", "a/a.go", "import \"sync\"\nvar pool = sync.Pool{}", "sync.Pool"},
		{"pointer", "a/a.go", "import \"sync/atomic\"\nvar p atomic.Pointer[int]", "atomic.Pointer"},
		{"counter", "a/a.go", "var n int\nfunc f() { n++ }", "variable n"},
		{"cache", "a/a.go", "var m = map[int]int{}\nfunc f() { m[1] = 2 }", "variable m"},
		{"field of an element", "a/a.go", "var s []struct{ v int }\nfunc f() { s[0].v = 2 }", "variable s"},
		{"deletion", "a/a.go", "var m = map[int]int{}\nfunc f() { delete(m, 1) }", "variable m"},
		{"table filled late", "a/a.go", "var t [4]int\nfunc f() { for t[0] = range 4 { } }", "variable t"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := "// Package a.\npackage a\n" + tt.text
			got := ruleProblems(readModule(t, fstest.MapFS{tt.file: {Data: []byte(text)}}))
			if tt.want == "" && len(got) > 0 || tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)) {
				t.Errorf("problems %q, want %q", got, tt.want)
			}
		})
	}
	got := ruleProblems(readModule(t, fstest.MapFS{"a/a.go": {Data: []byte("package a")}}))
	if len(got) != 1 || !strings.Contains(got[0], "no package comment") {
		t.Errorf("problems %q, want one of the package comment", got)
	}
}
