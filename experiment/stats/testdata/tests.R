# Makes tests.json: Rscript tests.R > tests.json. The data are those of dataset in reference_test.go.
gen <- function(n, a, b, m) ((((1:n) * a + b) %% m) / m)
n1 <- 400; n2 <- 500
x1 <- gen(n1, 7919, 11, 1009); x2 <- gen(n2, 7907, 29, 1013)
y1 <- 3 + 2 * x1 + gen(n1, 104729, 3, 499)^2; y2 <- 3.1 + 2 * x2 + gen(n2, 104723, 5, 503)^2
d1 <- 1 + floor(5 * gen(n1, 613, 7, 211)); d2 <- 1 + floor(5 * gen(n2, 617, 9, 223))
e1 <- 1 + floor(5 * gen(n1, 613, 8, 211)); e2 <- 1 + floor(5 * gen(n2, 617, 2, 223))
out <- c()
put <- function(k, v) out <<- c(out, sprintf('"%s": %.17g', k, v))
t <- t.test(y2, y1)
put("welch.t", t$statistic); put("welch.df", t$parameter); put("welch.p", t$p.value)
put("welch.lower", t$conf.int[1]); put("welch.upper", t$conf.int[2])
put("welch.se", t$stderr)
v1 <- var(y1) / n1; v2 <- var(y2) / n2; m1 <- mean(y1); m2 <- mean(y2)
put("lift", m2 / m1 - 1); put("lift.se", sqrt(v2 / m1^2 + m2^2 * v1 / m1^4))
for (k in 1:2) { s <- list(c(20034, 44700, 20119, 45489), c(12, 300, 31, 310))[[k]]
  p <- prop.test(c(s[3], s[1]), c(s[4], s[2]), correct = FALSE)
  put(paste0("prop", k, ".chi"), p$statistic); put(paste0("prop", k, ".p"), p$p.value)
  put(paste0("prop", k, ".lower"), p$conf.int[1]); put(paste0("prop", k, ".upper"), p$conf.int[2]) }
# ratio of sums, delta method by hand: var((y - r d)/mean(d))/n
rat <- function(y, d) { r <- mean(y) / mean(d); c(r, var((y - r * d) / mean(d)) / length(y)) }
a <- rat(y1, d1); b <- rat(y2, d2)
put("ratio.control", a[1]); put("ratio.diff", b[1] - a[1]); put("ratio.se", sqrt(a[2] + b[2]))
# CUPED by hand
th <- (cov(y1, x1) * (n1 - 1) + cov(y2, x2) * (n2 - 1)) / (var(x1) * (n1 - 1) + var(x2) * (n2 - 1))
put("cuped.theta", th); z1 <- y1 - th * x1; z2 <- y2 - th * x2
put("cuped.diff", mean(z2) - mean(z1)); tt <- t.test(z2, z1); put("cuped.se", tt$stderr); put("cuped.p", tt$p.value)
# the adjusted lift's error: adjusted means share the pooled covariate
xp <- mean(c(x1, x2)); c0 <- m1 - th * (mean(x1) - xp); c1 <- m2 - th * (mean(x2) - xp)
put("cuped.lift", c1 / c0 - 1); k <- 1 / c0 - c1 / c0^2; w1 <- n1 / (n1 + n2); w2 <- 1 - w1
g2 <- z2 / c0 + k * th * w2 * x2; g1 <- -c1 / c0^2 * z1 + k * th * w1 * x1
put("cuped.lift.se", sqrt(var(g1) / n1 + var(g2) / n2))
# ratio with a ratio covariate
lin <- function(y, d) { r <- mean(y) / mean(d); (y - r * d) / mean(d) }
ly1 <- lin(y1, d1); ly2 <- lin(y2, d2); lx1 <- lin(x1, e1); lx2 <- lin(x2, e2)
th <- (cov(ly1, lx1) * (n1 - 1) + cov(ly2, lx2) * (n2 - 1)) / (var(lx1) * (n1 - 1) + var(lx2) * (n2 - 1))
put("cupedratio.theta", th)
put("cupedratio.diff", (mean(y2) / mean(d2) - th * mean(x2) / mean(e2)) - (mean(y1) / mean(d1) - th * mean(x1) / mean(e1)))
put("cupedratio.se", sqrt(var(ly1 - th * lx1) / n1 + var(ly2 - th * lx2) / n2))
for (p in c(0.1, 0.5, 0.9, 0.99)) put(paste0("quantile.", p), quantile(y2, p))
p <- c(0.001, 0.04, 0.012, 0.3, 0.021, 0.9, 0.0007, 0.05, 0.05, 0.6)
for (m in c("bonferroni", "holm", "hochberg", "hommel", "BH", "BY"))
  for (i in 1:10) put(paste0("adjust.", m, ".", i - 1), p.adjust(p, m)[i])
put("srm.2", chisq.test(c(44700, 45489))$p.value)
put("srm.3", chisq.test(c(5000, 3100, 1950), p = c(0.5, 0.3, 0.2))$p.value)
for (n in c(5, 64, 1000)) put(paste0("power.t.", n), power.t.test(n = n, delta = 0.5, sd = 1.3)$power)
put("power.prop", power.prop.test(n = 4000, p1 = 0.1, p2 = 0.12)$power)
f <- function(a1, b1, a2, b2) integrate(function(x) dbeta(x, a1, b1) * pbeta(x, a2, b2), 0, 1, rel.tol = 1e-13, subdivisions = 2000)$value
put("beats.small", f(13, 289, 32, 280)); put("beats.mid", f(102, 900, 90, 912)); put("beats.half", f(3.5, 2, 4, 3))
l <- function(a1, b1, a2, b2) integrate(function(x) sapply(x, function(v) dbeta(v, a1, b1) *
  integrate(function(o) (o - v) * dbeta(o, a2, b2), v, 1, rel.tol = 1e-12)$value), 0, 1, rel.tol = 1e-11)$value
put("loss", l(13, 29, 15, 28))
cat("{\n", paste(out, collapse = ",\n"), "\n}\n", sep = "")
