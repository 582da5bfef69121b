package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// openBLAS starts the program that `make rivals` builds, and returns what does jobs there and what ends it.
func openBLAS(dir string) (do func(job) (seconds, sum float64, err error), stop func(), err error) {
	path := filepath.Join(dir, "openblas")
	if _, err := os.Stat(path); err != nil {
		return nil, nil, fmt.Errorf("%s is not built: run make -C %s", path, dir)
	}
	cmd := exec.Command(path)
	cmd.Env = append(os.Environ(), "OPENBLAS_NUM_THREADS=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	return func(j job) (seconds, sum float64, err error) { return ask(in, out, j) }, func() {
		in.Close()
		cmd.Wait()
	}, nil
}

func ask(in io.Writer, out io.Reader, j job) (seconds, sum float64, err error) {
	if _, err := fmt.Fprintln(in, j.what, j.x, j.y, j.z); err != nil {
		return 0, 0, err
	}
	_, err = fmt.Fscanln(out, &seconds, &sum)
	return seconds, sum, err
}
