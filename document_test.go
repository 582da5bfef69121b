package gold_test

import (
	"fmt"
	"go/ast"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// documentMin is how many characters the document of a package has at least: what it is, its nouns, one call, what that costs and
// the caveats take about as much.
const documentMin = 700

// withoutExample lists the names that need no Example, and why. "*" stands for every name of a package.
func withoutExample() map[string]string {
	const suite = "takes a *testing.T or *testing.F, which no Example has; the document of the package shows the call"
	return map[string]string{
		"ann/anntest.*":                       suite,
		"deals/dealstest.Run":                 suite,
		"recommend/recommendtest.*":           suite,
		"recommend/stage/stagetest.Run":       suite,
		"recommend/stage/stagetest.RunSource": suite,
		"store/storetest.*":                   suite,
	}
}

// Every released package has a document that says what it is, shows a call, what that costs and the caveats; an Example of the
// whole, and one of every function that it exports and of every type that has methods.
func TestPackagesAreDocumented(t *testing.T) {
	unused := withoutExample()
	for _, module := range releasedModules(t) {
		for _, p := range documentedPackages(module, readModule(t, os.DirFS(module))) {
			for _, problem := range p.problems(unused) {
				t.Error(problem)
			}
		}
	}
	for name := range unused {
		t.Errorf("withoutExample has %s, which there is not or which has an Example", name)
	}
}

func releasedModules(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("modules.txt")
	if err != nil {
		t.Fatal(err)
	}
	var dirs []string
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[1] == "released" {
			dirs = append(dirs, path.Clean(fields[0]))
		}
	}
	return dirs
}

// documented is a package, as far as its document is concerned.
type documented struct {
	dir, doc string
	examples map[string]bool // by what they are of: "", "Open", "Engine.Train"
	funcs    []string        // exported ones without a receiver
	methods  map[string]bool // exported types that have exported methods
	makes    map[string]bool // "Open Engine": the function returns the type
}

func documentedPackages(module string, files []source) []*documented {
	byDir := map[string]*documented{}
	for _, f := range files {
		dir := path.Join(module, f.dir)
		if strings.Contains("/"+dir+"/", "/internal/") || f.ast.Name.Name == "main" {
			continue
		}
		p := byDir[dir]
		if p == nil {
			p = &documented{dir: dir, examples: map[string]bool{}, methods: map[string]bool{}, makes: map[string]bool{}}
			byDir[dir] = p
		}
		p.read(f)
	}
	var list []*documented
	for _, dir := range slices.Sorted(maps.Keys(byDir)) {
		list = append(list, byDir[dir])
	}
	return list
}

func (p *documented) read(f source) {
	if !f.test && f.ast.Doc != nil {
		p.doc += f.ast.Doc.Text()
	}
	for _, decl := range f.ast.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		switch {
		case !ok:
		case f.test:
			if name, ok := strings.CutPrefix(fn.Name.Name, "Example"); ok && fn.Recv == nil {
				p.example(strings.TrimPrefix(name, "_"))
			}
		case !fn.Name.IsExported():
		case fn.Recv == nil:
			p.funcs = append(p.funcs, fn.Name.Name)
			p.result(fn)
		case ast.IsExported(typeName(fn.Recv.List[0].Type)) && fn.Name.Name != "Error" && fn.Name.Name != "String":
			p.methods[typeName(fn.Recv.List[0].Type)] = true
		}
	}
}

// example marks what an Example is of: a name, a type and its method, and behind both a suffix in lower case.
func (p *documented) example(name string) {
	parts := strings.Split(name, "_")
	for i, part := range parts {
		if part == "" || !ast.IsExported(part) {
			parts = parts[:i]
			break
		}
	}
	p.examples[strings.Join(parts, ".")] = true
}

func (p *documented) result(fn *ast.FuncDecl) {
	if fn.Type.Results == nil {
		return
	}
	for _, r := range fn.Type.Results.List {
		p.makes[fn.Name.Name+" "+typeName(r.Type)] = true
	}
}

// typeName is the name of a type of the package, behind a star and in front of type parameters; else it is empty.
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.IndexExpr:
		return typeName(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// problems says what the package lacks, and takes those exceptions out of unused that it needs.
func (p *documented) problems(unused map[string]string) []string {
	var problems []string
	lack := func(format string, args ...any) { problems = append(problems, p.dir+": "+fmt.Sprintf(format, args...)) }
	suite := strings.HasSuffix(path.Base(p.dir), "test")
	switch {
	case p.doc == "":
		lack("no document of the package")
	case !suite && len(p.doc) < documentMin:
		lack("the document of the package has %d characters, want %d", len(p.doc), documentMin)
	}
	if !strings.Contains(p.doc, "\n\t") {
		lack("the document of the package shows no call")
	}
	for _, heading := range []string{"# Cost", "# Caveats"} {
		if !suite && !strings.Contains(p.doc, "\n"+heading) {
			lack("the document of the package has no heading that begins with %q", heading)
		}
	}
	needs := slices.Concat([]string{""}, slices.Sorted(slices.Values(p.funcs)), slices.Sorted(maps.Keys(p.methods)))
	for _, name := range needs {
		if !p.shows(name) && !p.excused(name, unused) {
			lack("no Example%s", name)
		}
	}
	return problems
}

// shows reports whether an Example is of the name, or where that is a type, of a method or of what makes it.
func (p *documented) shows(name string) bool {
	for e := range p.examples {
		if e == name || p.methods[name] && (strings.HasPrefix(e, name+".") || p.makes[e+" "+name]) {
			return true
		}
	}
	return false
}

func (p *documented) excused(name string, unused map[string]string) bool {
	for _, key := range []string{p.dir + "." + name, p.dir + ".*"} {
		if _, ok := withoutExample()[key]; ok {
			delete(unused, key)
			return true
		}
	}
	return false
}

// The root document names every released package.
func TestRootDocumentListsThePackages(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, module := range releasedModules(t) {
		for _, p := range documentedPackages(module, readModule(t, os.DirFS(module))) {
			if name := path.Join(modulePath, p.dir); p.dir != "." && !strings.Contains(string(text), name+"]") && !strings.Contains(string(text), "go get "+name+"\n") {
				t.Errorf("doc.go does not list %s", name)
			}
		}
	}
}

// The checker itself, on a small made-up package.
func TestDocumentProblems(t *testing.T) {
	document := "// Package p is made up." + strings.Repeat(" Words.", documentMin/7) + "\n//\n//\tp.F()\n//\n// # Cost\n//\n// # Caveats\n"
	const code = "package p\nfunc F() {}\ntype T struct{}\nfunc New() (*T, error) { return nil, nil }\nfunc (t *T) M() {}\n" +
		"func (t *T) String() string { return \"\" }\ntype E struct{}\nfunc (e E) Error() string { return \"\" }\n"
	const examples = "package p_test\nfunc Example() {}\nfunc ExampleF() {}\nfunc ExampleNew_quick() {}\n"
	tests := []struct {
		name, document, code, examples string
		want                           string // what the one problem must say; empty: none
	}{
		{"whole", document, code, examples, ""},
		{"none", "", code, examples, "no document"},
		{"short", "// Package p is made up.\n//\n//\tp.F()\n//\n// # Cost\n//\n// # Caveats\n", code, examples, "characters"},
		{"no call", strings.Replace(document, "\tp.F()", " p.F()", 1), code, examples, "no call"},
		{"no cost", strings.Replace(document, "# Cost", "Cost", 1), code, examples, `"# Cost"`},
		{"no caveats", strings.Replace(document, "# Caveats", "Caveats", 1), code, examples, `"# Caveats"`},
		{"no Example at all of it", document, code, strings.Replace(examples, "Example()", "example()", 1), "no Example"},
		{"no Example of a function", document, code, strings.Replace(examples, "ExampleF", "exampleF", 1), "no ExampleF"},
		{"one of another name", document, code, strings.Replace(examples, "ExampleF", "ExampleFar", 1), "no ExampleF"},
		{"a type by its method", document, "package p\ntype T struct{}\nfunc (t T) M() {}\n", "package p_test\nfunc Example() {}\nfunc ExampleT_M() {}\n", ""},
		{"a type by nothing", document, "package p\ntype T struct{}\nfunc (t T) M() {}\n", "package p_test\nfunc Example() {}\n", "no ExampleT"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree := fstest.MapFS{
				"p/p.go":      {Data: []byte(tt.document + tt.code)},
				"p/p_test.go": {Data: []byte(tt.examples)},
			}
			var got []string
			for _, p := range documentedPackages(".", readModule(t, tree)) {
				got = append(got, p.problems(map[string]string{})...)
			}
			if tt.want == "" && len(got) > 0 || tt.want != "" && (len(got) == 0 || !strings.Contains(got[0], tt.want)) {
				t.Errorf("problems %q, want one that says %q", got, tt.want)
			}
		})
	}
}
