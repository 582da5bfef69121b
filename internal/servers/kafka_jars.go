package servers

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// kafkaPOM says to Maven what a Kafka is made of. Its version is in the name of kafkaDir too.
//
//go:embed kafka.pom.xml
var kafkaPOM []byte

const kafkaDir = "kafka-4.0.2"

// KafkaJars returns the directory with the jars of Kafka, in the user's cache, where it copies them by Maven when they are
// not there: 41 files, 120 MB, 10 seconds. It is ErrAbsent when there is no java or mvn on the path, or when mvn cannot
// bring them.
func KafkaJars(ctx context.Context) (string, error) {
	if _, err := exec.LookPath("java"); err != nil {
		return "", fmt.Errorf("%w: no java (Debian: openjdk-17-jre-headless)", ErrAbsent)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "gold", kafkaDir)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if _, err := exec.LookPath("mvn"); err != nil {
		return "", fmt.Errorf("%w: no Kafka in %s, and no mvn (Debian: maven) to bring it", ErrAbsent, dir)
	}
	return dir, copyJars(ctx, dir)
}

// copyJars copies to a directory of its own first, so that others see all of them or none.
func copyJars(ctx context.Context, dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), "kafka-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	pom := filepath.Join(temp, "pom.xml")
	if err := os.WriteFile(pom, kafkaPOM, 0o644); err != nil {
		return err
	}
	lib := filepath.Join(temp, "lib")
	cmd := exec.CommandContext(ctx, "mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory="+lib)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: mvn cannot bring Kafka: %w: %.2000s", ErrAbsent, err, out)
	}
	if err := os.Rename(lib, dir); err != nil && !errors.Is(err, os.ErrExist) {
		if _, there := os.Stat(dir); there != nil { // somebody else was faster
			return err
		}
	}
	return nil
}
