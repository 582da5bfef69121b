package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/goldrec/gold/store"
)

func (f *fixture) putModel(t *testing.T, name, data string) uint64 {
	t.Helper()
	version, err := f.PutModel(t.Context(), name, strings.NewReader(data))
	if err != nil {
		t.Fatalf("PutModel(%q): %v", name, err)
	}
	return version
}

func (f *fixture) wantModel(t *testing.T, name string, version, wantVersion uint64, want string) {
	t.Helper()
	r, got, err := f.OpenModel(t.Context(), name, version)
	if err != nil {
		t.Errorf("OpenModel(%q, %d): %v", name, version, err)
		return
	}
	data, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Errorf("read model %q: %v", name, err)
	}
	if sized, ok := r.(interface{ Size() int64 }); ok && sized.Size() != int64(len(want)) {
		t.Errorf("model %q says that it has %d bytes, want %d", name, sized.Size(), len(want))
	}
	if got != wantVersion || string(data) != want {
		t.Errorf("OpenModel(%q, %d): version %d of %d bytes, want %d of %d", name, version, got, len(data), wantVersion, len(want))
	}
}

func (f *fixture) wantVersions(t *testing.T, name string, want ...uint64) {
	t.Helper()
	versions, err := f.ModelVersions(t.Context(), name)
	if err != nil {
		t.Errorf("ModelVersions(%q): %v", name, err)
	}
	equal(t, fmt.Sprintf("versions of %q", name), want, versions)
}

func testModel(t *testing.T, f *fixture) {
	_, _, err := f.OpenModel(t.Context(), "als", 0)
	wantErr(t, "none", store.ErrNotFound, err)
	f.wantVersions(t, "als")
	for i, data := range []string{"one", "", "three"} {
		if version := f.putModel(t, "als", data); version != uint64(i+1) {
			t.Errorf("version %d, want %d", version, i+1)
		}
	}
	f.putModel(t, "als2", "other")
	f.putModel(t, "als\x00", "zero")
	f.putModel(t, "al", "prefix")
	f.wantVersions(t, "als", 1, 2, 3)
	f.wantVersions(t, "als2", 1)
	f.wantModel(t, "als", 0, 3, "three")
	f.wantModel(t, "als", 1, 1, "one")
	f.wantModel(t, "als", 2, 2, "")
	f.wantModel(t, "al", 0, 1, "prefix")
	f.wantModel(t, "als\x00", 0, 1, "zero")
	for _, version := range []uint64{4, 1<<64 - 1} {
		_, _, err := f.OpenModel(t.Context(), "als", version)
		wantErr(t, fmt.Sprintf("version %d", version), store.ErrNotFound, err)
	}
	for _, name := range []string{"", "\xff", strings.Repeat("x", store.IDMax+1)} {
		_, err := f.PutModel(t.Context(), name, strings.NewReader("x"))
		wantErr(t, fmt.Sprintf("put %.5q", name), store.ErrInvalid, err)
		_, _, err = f.OpenModel(t.Context(), name, 0)
		wantErr(t, fmt.Sprintf("open %.5q", name), store.ErrNotFound, err)
		f.wantVersions(t, name)
		if err := f.DeleteModel(t.Context(), name, 1); err != nil {
			t.Errorf("delete %.5q: %v", name, err)
		}
	}
}

// testModelLarge has sizes around those that a store may cut models into.
func testModelLarge(t *testing.T, f *fixture) {
	rng := rand.NewChaCha8([32]byte{7})
	for _, size := range []int{1, 1<<16 - 1, 1 << 16, 1<<20 - 1, 1 << 20, 1<<20 + 1, 5<<20 + 12345} {
		data := make([]byte, size)
		if _, err := rng.Read(data); err != nil {
			t.Fatal(err)
		}
		version, err := f.PutModel(t.Context(), "m", iotest.HalfReader(bytes.NewReader(data)))
		if err != nil {
			t.Fatal(err)
		}
		r, _, err := f.OpenModel(t.Context(), "m", version)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(iotest.HalfReader(r))
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("model of %d bytes: read %d, %v", size, len(got), err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func testModelFails(t *testing.T, f *fixture) {
	broken := errors.New("broken")
	f.putModel(t, "als", "one")
	for _, n := range []int64{0, 10, 3 << 20} {
		_, err := f.PutModel(t.Context(), "als", io.MultiReader(io.LimitReader(zeros{}, n), iotest.ErrReader(broken)))
		wantErr(t, fmt.Sprintf("reader that fails after %d bytes", n), broken, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := f.PutModel(ctx, "als", readerFunc(func(p []byte) (int, error) { // endless
		cancel()
		return len(p), nil
	}))
	wantErr(t, "context that ends while the model is read", context.Canceled, err)
	f.wantVersions(t, "als", 1)
	if version := f.putModel(t, "als", "two"); version < 2 {
		t.Errorf("version %d after 1", version)
	}
	f.wantModel(t, "als", 0, 2, "two")
}

func testModelDelete(t *testing.T, f *fixture) {
	for _, data := range []string{"one", "two", "three"} {
		f.putModel(t, "als", data)
	}
	drop := func(version uint64) {
		t.Helper()
		if err := f.DeleteModel(t.Context(), "als", version); err != nil {
			t.Fatal(err)
		}
	}
	drop(2)
	drop(2)
	drop(9)
	f.wantVersions(t, "als", 1, 3)
	_, _, err := f.OpenModel(t.Context(), "als", 2)
	wantErr(t, "deleted", store.ErrNotFound, err)
	drop(3)
	f.wantModel(t, "als", 0, 1, "one")
	if version := f.putModel(t, "als", "four"); version != 4 {
		t.Errorf("version %d, want 4: a number is not used again", version)
	}
	drop(1)
	drop(4)
	_, _, err = f.OpenModel(t.Context(), "als", 0)
	wantErr(t, "all deleted", store.ErrNotFound, err)
	f.wantVersions(t, "als")
	if version := f.putModel(t, "als", "five"); version != 5 {
		t.Errorf("version %d, want 5", version)
	}

	// One that is deleted while it is read ends with an error or whole.
	if _, err := f.PutModel(t.Context(), "als", io.LimitReader(zeros{}, 4<<20)); err != nil {
		t.Fatal(err)
	}
	r, version, err := f.OpenModel(t.Context(), "als", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := io.CopyN(io.Discard, r, 100); err != nil {
		t.Fatal(err)
	}
	drop(version)
	n, err := io.Copy(io.Discard, r)
	if err != nil {
		wantErr(t, "deleted while it is read", store.ErrNotFound, err)
	} else if n != 4<<20-100 {
		t.Errorf("%d more bytes without an error, want %d", n, 4<<20-100)
	}
}

func testModelConcurrent(t *testing.T, f *fixture) {
	const writers, each = 8, 6
	var mu sync.Mutex
	written := make(map[uint64]string)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				data := strings.Repeat(fmt.Sprintf("%d/%d ", w, i), 1000)
				version, err := f.PutModel(t.Context(), "als", iotest.OneByteReader(strings.NewReader(data)))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if written[version] != "" {
					t.Errorf("version %d given twice", version)
				}
				written[version] = data
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for version, data := range written {
		f.wantModel(t, "als", version, version, data)
	}
	if versions, err := f.ModelVersions(t.Context(), "als"); err != nil || len(versions) != writers*each {
		t.Errorf("%d versions, %v; want %d", len(versions), err, writers*each)
	}
}

// wantCurrent wants a version of 0 to be none.
func (f *fixture) wantCurrent(t *testing.T, name string, want uint64) {
	t.Helper()
	got, err := f.Current(t.Context(), name)
	if want == 0 {
		wantErr(t, fmt.Sprintf("current version of %q", name), store.ErrNotFound, err)
	} else if err != nil {
		t.Errorf("Current(%q): %v", name, err)
	}
	if got != want {
		t.Errorf("version %d of %q is current, want %d", got, name, want)
	}
}

func (f *fixture) setCurrent(t *testing.T, name string, version, fence uint64) {
	t.Helper()
	if err := f.SetCurrent(t.Context(), name, version, fence); err != nil {
		t.Errorf("SetCurrent(%q, %d, %d): %v", name, version, fence, err)
	}
}

func testCurrent(t *testing.T, f *fixture) {
	f.wantCurrent(t, "als", 0)
	wantErr(t, "unknown name", store.ErrNotFound, f.SetCurrent(t.Context(), "als", 1, 0))
	for _, data := range []string{"one", "two", "three"} {
		f.putModel(t, "als", data)
	}
	f.putModel(t, "als2", "other")
	f.wantCurrent(t, "als", 0) // storing one is not putting it into service
	for _, version := range []uint64{3, 1, 2, 2} {
		f.setCurrent(t, "als", version, 0)
		f.wantCurrent(t, "als", version)
	}
	for _, version := range []uint64{0, 4, math.MaxUint64} {
		wantErr(t, fmt.Sprintf("version %d", version), store.ErrNotFound, f.SetCurrent(t.Context(), "als", version, 9))
	}
	for _, name := range []string{"", "\xff", strings.Repeat("x", store.IDMax+1), "al", "als\x00"} {
		wantErr(t, fmt.Sprintf("set %.5q", name), store.ErrNotFound, f.SetCurrent(t.Context(), name, 1, 0))
		f.wantCurrent(t, name, 0)
	}
	f.wantCurrent(t, "als", 2)
	f.wantCurrent(t, "als2", 0)
	f.putModel(t, "als", "four")
	f.wantCurrent(t, "als", 2)
	f.wantModel(t, "als", 0, 4, "four") // the newest is not the current one
	drop := func(version uint64) {
		t.Helper()
		if err := f.DeleteModel(t.Context(), "als", version); err != nil {
			t.Fatal(err)
		}
	}
	drop(3)
	f.wantCurrent(t, "als", 2)
	drop(2)
	f.wantCurrent(t, "als", 0)
	wantErr(t, "a deleted version", store.ErrNotFound, f.SetCurrent(t.Context(), "als", 2, 0))
	f.setCurrent(t, "als", 1, 0) // the fence of 9 came with what failed, and is not remembered
	f.setCurrent(t, "als", 4, 1)
	f.wantCurrent(t, "als", 4)
}

// testFence has one who held the lease before write after one who holds it now.
func testFence(t *testing.T, f *fixture) {
	for _, data := range []string{"one", "two", "three"} {
		f.putModel(t, "als", data)
	}
	f.putModel(t, "knn", "one")
	f.setCurrent(t, "als", 1, 5)
	wantErr(t, "a fence that was overtaken", store.ErrConflict, f.SetCurrent(t.Context(), "als", 2, 4))
	f.wantCurrent(t, "als", 1)
	f.setCurrent(t, "als", 2, 5) // the same holder again
	f.setCurrent(t, "als", 3, 0) // somebody who says that they need none
	wantErr(t, "no fence forgets the fence", store.ErrConflict, f.SetCurrent(t.Context(), "als", 2, 4))
	f.setCurrent(t, "knn", 1, 1) // another name
	if err := f.DeleteModel(t.Context(), "als", 3); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "deleting forgets the fence", store.ErrConflict, f.SetCurrent(t.Context(), "als", 2, 4))
	f.setCurrent(t, "als", 2, math.MaxUint64)
	wantErr(t, "largest fence", store.ErrConflict, f.SetCurrent(t.Context(), "als", 1, math.MaxUint64-1))
	f.wantCurrent(t, "als", 2)
}

// testCurrentConcurrent has holders of growing fences set the current version at the same time: in the end it is that of
// the highest.
func testCurrentConcurrent(t *testing.T, f *fixture) {
	const writers = 16
	for range writers {
		f.putModel(t, "als", "x")
	}
	for round := range uint64(10) {
		var wg sync.WaitGroup
		for w := range uint64(writers) {
			if round%2 == 1 {
				w = writers - 1 - w // the last to start is often the first to run
			}
			wg.Go(func() {
				if err := f.SetCurrent(t.Context(), "als", w+1, round*writers+w+1); err != nil {
					wantErr(t, "SetCurrent", store.ErrConflict, err)
				}
			})
		}
		wg.Wait()
		f.wantCurrent(t, "als", writers)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
