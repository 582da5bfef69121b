package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

// manifests are the objects of ../kubernetes.
type manifests struct {
	deployments []*appsv1.Deployment
	services    []*corev1.Service
	claims      []*corev1.PersistentVolumeClaim
	scalers     []*autoscalingv2.HorizontalPodAutoscaler
	budgets     []*policyv1.PodDisruptionBudget
	policies    []*networkingv1.NetworkPolicy
	text        string
}

// readManifests decodes the objects. A field that Kubernetes does not know is an error, which it would only warn of itself.
func readManifests(t *testing.T) (m manifests) {
	t.Helper()
	files, err := filepath.Glob("../kubernetes/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no manifests", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m.text += string(text)
		for doc := range bytes.SplitSeq(text, []byte("\n---\n")) {
			if err := m.decode(doc); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
	return m
}

func (m *manifests) decode(doc []byte) error {
	var is struct{ APIVersion, Kind string }
	if err := yaml.Unmarshal(doc, &is); err != nil {
		return err
	}
	switch is.APIVersion + " " + is.Kind {
	case "apps/v1 Deployment":
		return into(doc, &m.deployments)
	case "v1 Service":
		return into(doc, &m.services)
	case "v1 PersistentVolumeClaim":
		return into(doc, &m.claims)
	case "autoscaling/v2 HorizontalPodAutoscaler":
		return into(doc, &m.scalers)
	case "policy/v1 PodDisruptionBudget":
		return into(doc, &m.budgets)
	case "networking.k8s.io/v1 NetworkPolicy":
		return into(doc, &m.policies)
	}
	return fmt.Errorf("what is %v?", is)
}

func into[T any](doc []byte, list *[]*T) error {
	object := new(T)
	*list = append(*list, object)
	return yaml.UnmarshalStrict(doc, object)
}

// selects reports whether labels that are asked for are all there.
func selects(asked, labels map[string]string) bool {
	for key, value := range asked {
		if labels[key] != value {
			return false
		}
	}
	return len(asked) > 0
}

// TestManifests follows what the objects say of one another: names, labels, ports, and the flags of the program.
func TestManifests(t *testing.T) {
	m := readManifests(t)
	var found []string
	for _, d := range m.deployments {
		found = append(found, d.Name)
		pod := d.Spec.Template
		if !selects(d.Spec.Selector.MatchLabels, pod.Labels) {
			t.Errorf("%s does not select its own pods", d.Name)
		}
		container := pod.Spec.Containers[0]
		cfg, err := parseFlags(append([]string{"-store=x"}, container.Args...), io.Discard)
		if err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
		if grace := *pod.Spec.TerminationGracePeriodSeconds; float64(grace) <= (cfg.drain + shutdownTimeout).Seconds() {
			t.Errorf("%s is killed after %d seconds, while it drains", d.Name, grace)
		}
		if !strings.HasPrefix(cfg.catalogue, container.VolumeMounts[0].MountPath) || m.claims[0].Name != pod.Spec.Volumes[0].PersistentVolumeClaim.ClaimName {
			t.Errorf("%s: the catalogue is not where it looks", d.Name)
		}
		if container.LivenessProbe.HTTPGet.Path == container.ReadinessProbe.HTTPGet.Path {
			t.Errorf("%s: what is not ready is killed", d.Name)
		}
		covered := slices.ContainsFunc(m.policies, func(p *networkingv1.NetworkPolicy) bool {
			return selects(p.Spec.PodSelector.MatchLabels, pod.Labels) && len(p.Spec.PolicyTypes) == 2
		})
		if !covered {
			t.Errorf("%s may speak to everybody", d.Name)
		}
	}
	if !slices.Equal(found, []string{"gold-serve", "gold-train"}) {
		t.Fatalf("deployments %v", found)
	}
	serve := m.deployments[0].Spec.Template
	ports := map[string]int32{}
	for _, port := range serve.Spec.Containers[0].Ports {
		ports[port.Name] = port.ContainerPort
	}
	if s := m.services[0]; !selects(s.Spec.Selector, serve.Labels) || selects(s.Spec.Selector, m.deployments[1].Spec.Template.Labels) ||
		ports[s.Spec.Ports[0].TargetPort.StrVal] != 8080 {
		t.Errorf("the service does not lead to those that serve, and only to them")
	}
	if s := m.scalers[0].Spec; s.ScaleTargetRef.Name != "gold-serve" || *s.MinReplicas < 3 || m.deployments[0].Spec.Replicas != nil {
		t.Errorf("the scaler does not own the number of those that serve")
	}
	if b := m.budgets[0].Spec; !selects(b.Selector.MatchLabels, serve.Labels) || b.MaxUnavailable.IntVal != 1 {
		t.Errorf("the budget does not keep those that serve")
	}
}

// TestMetricNames looks for the metrics that the manifests name among those that a replica exports.
func TestMetricNames(t *testing.T) {
	names := regexp.MustCompile(`\bgold_\w+`).FindAllString(readManifests(t).text, -1)
	names = slices.DeleteFunc(names, func(name string) bool { return name == "gold_requests_per_second" }) // the adapter's
	if len(names) == 0 {
		t.Fatal("none is named")
	}
	r, public := service(t)
	ask(public, "GET", "/v1/recommendations", "")
	exported := ask(r.private(), "GET", "/metrics", "").Body.String()
	for _, name := range names {
		if !strings.Contains(exported, "\n"+name) {
			t.Errorf("%s is not exported", name)
		}
	}
}

// TestScore has kube-score look for what is known to go wrong.
func TestScore(t *testing.T) {
	files, err := filepath.Glob("../kubernetes/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", append([]string{"tool", "-modfile=../../tools/go.mod", "kube-score", "score", "--output-format", "ci"}, files...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if bytes.Contains(out, []byte("[CRITICAL]")) || !bytes.Contains(out, []byte("[OK] gold-serve apps/v1/Deployment")) {
		t.Errorf("%s", out)
	}
}

// TestCompose reads the compose file as docker does.
func TestCompose(t *testing.T) {
	options, err := cli.NewProjectOptions([]string{"../compose.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"serve-1", "serve-2", "train"} {
		service, err := project.GetService(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := parseFlags(append([]string{"-store", *service.Environment["GOLD_STORE"]}, service.Command...), io.Discard); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(service.Build.Context, service.Build.Dockerfile)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
