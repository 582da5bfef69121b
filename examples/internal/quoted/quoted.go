// Package quoted holds documents to the programs that they quote.
package quoted

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Blocks returns the fenced blocks of a language in a text.
func Blocks(text, language string) []string {
	var found []string
	for _, part := range strings.Split(text, "\n```"+language+"\n")[1:] {
		block, _, _ := strings.Cut(part, "\n```")
		found = append(found, block+"\n")
	}
	return found
}

// Check says what is wrong with the Go blocks of a document: one that does not stand, word for word and in whole lines, in a
// Go file of the directory, or fewer of them than there should be.
func Check(document, dir string, least int) (problems []string, err error) {
	text, err := os.ReadFile(document)
	if err != nil {
		return nil, err
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var program strings.Builder
	for _, name := range names {
		file, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		program.Write(file)
	}
	blocks := Blocks(string(text), "go")
	if len(blocks) < least {
		problems = append(problems, fmt.Sprintf("%d blocks of Go, want %d or more", len(blocks), least))
	}
	for _, block := range blocks {
		if !strings.Contains(program.String(), "\n"+block) {
			problems = append(problems, "no file has this block:\n"+block)
		}
	}
	return problems, nil
}
