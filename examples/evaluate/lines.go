package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// lineMax bounds the length of a line, in bytes: of a user of millions of items.
const lineMax = 64 << 20

// readAdjacency reads lines of "user item item …". A user may have several lines.
func readAdjacency(r io.Reader, add func(interaction)) (timed bool, err error) {
	return false, eachLine(r, func(_ int, user string, items []string) error {
		for _, item := range items {
			add(interaction{user: user, item: item, rating: unrated})
		}
		return nil
	})
}

// readSequence reads the same lines, of which a user has one, in the order of time; the times are 1, 2, 3 ….
func readSequence(r io.Reader, add func(interaction)) (timed bool, err error) {
	lines := map[string]int{}
	return true, eachLine(r, func(line int, user string, items []string) error {
		if before, ok := lines[user]; ok {
			return fmt.Errorf("user %q was on line %d already", user, before)
		}
		lines[user] = line
		for i, item := range items {
			add(interaction{user: user, item: item, rating: unrated, unix: int64(i + 1)})
		}
		return nil
	})
}

// readSessions reads lines of "item item …", each a visit of somebody unknown, who is called by the number of the line.
func readSessions(r io.Reader, add func(interaction)) (timed bool, err error) {
	return true, eachLine(r, func(line int, first string, others []string) error {
		visitor := strconv.Itoa(line)
		for i, item := range append([]string{first}, others...) {
			add(interaction{user: visitor, item: item, rating: unrated, unix: int64(i + 1)})
		}
		return nil
	})
}

// readCases reads lines of "item item … TAB item": after the first, what comes next?
func readCases(r io.Reader, add func(prefix []string, next string)) error {
	return eachText(r, func(text string) error {
		before, after, ok := strings.Cut(text, "\t")
		prefix, next := strings.Fields(before), strings.Fields(after)
		if !ok || len(prefix) == 0 || len(next) != 1 {
			return errors.New("want items, a tab, and the next item")
		}
		if err := identifiers(append(prefix, next[0])...); err != nil {
			return err
		}
		add(prefix, next[0])
		return nil
	})
}

// eachLine splits lines at spaces. Blank lines are skipped, and a user without items is no error.
func eachLine(r io.Reader, do func(line int, user string, items []string) error) error {
	n := 0
	return eachText(r, func(text string) error {
		n++
		fields := strings.Fields(text)
		if len(fields) == 0 {
			return nil
		}
		if err := identifiers(fields...); err != nil {
			return err
		}
		return do(n, fields[0], fields[1:])
	})
}

// eachText hands on the lines, without a mark before the first; an error of do gets the line's number.
func eachText(r io.Reader, do func(text string) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, lineMax)
	n := 0
	for lines.Scan() {
		n++
		if err := do(strings.TrimPrefix(lines.Text(), byteOrderMark(n))); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("line %d: longer than %d MiB", n+1, lineMax>>20)
	} else if err != nil {
		return err
	}
	return nil
}

// byteOrderMark is what may stand before the first line.
func byteOrderMark(line int) string {
	if line == 1 {
		return "\ufeff"
	}
	return ""
}
