package gold_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"testing"
)

// source is one Go file of the root module.
type source struct {
	dir, name string // "catalog", "catalog/item.go"
	test      bool   // whether only tests see it
	ast       *ast.File
	fset      *token.FileSet
}

func (f source) imports() []string {
	var paths []string
	for _, spec := range f.ast.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		paths = append(paths, p)
	}
	return paths
}

func (f source) problem(pos token.Pos, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: ", f.name, f.fset.Position(pos).Line) + fmt.Sprintf(format, args...)
}

// readModule parses the Go files of a module, for every platform, without the modules nested in it.
func readModule(t *testing.T, tree fs.FS) []source {
	t.Helper()
	var files []source
	fset := token.NewFileSet()
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != ".":
			if _, err := fs.Stat(tree, path.Join(name, "go.mod")); err == nil || hidden(name) {
				return fs.SkipDir
			}
			return nil
		case path.Ext(name) != ".go":
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		files = append(files, source{path.Dir(name), name, strings.HasSuffix(name, "_test.go"), file, fset})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// hidden reports whether the go command passes over a directory of this name too.
func hidden(dir string) bool {
	base := path.Base(dir)
	return base == "testdata" || base != "." && strings.ContainsAny(base[:1], "._")
}

// selectors returns every use of a name of the package that the file imports by the given path.
func selectors(f source, pkg string) []*ast.SelectorExpr {
	var local string
	for _, spec := range f.ast.Imports {
		if spec.Path.Value != strconv.Quote(pkg) {
			continue
		}
		local = path.Base(strings.TrimSuffix(pkg, "/v2"))
		if spec.Name != nil {
			local = spec.Name.Name
		}
	}
	var found []*ast.SelectorExpr
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && local != "" && x.Name == local {
				found = append(found, sel)
			}
		}
		return true
	})
	return found
}
