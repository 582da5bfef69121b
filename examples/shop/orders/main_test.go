package orders_test

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	code := m.Run()
	server.Close()
	os.Exit(code)
}
