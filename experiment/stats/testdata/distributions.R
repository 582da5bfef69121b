# Makes distributions.json: Rscript distributions.R > distributions.json
row <- function(f, a, b, c, r) sprintf('{"f":"%s","a":%.17g,"b":%.17g,"c":%.17g,"r":%.17g}', f, a, b, c, r)
out <- c()
for (z in c(-8, -3, -1, -0.1, 0, 0.5, 1, 1.96, 3, 5, 8, 15, 25, 37))
  out <- c(out, row("normalSF", z, 0, 0, pnorm(z, lower.tail = FALSE)))
for (p in c(1e-300, 1e-200, 1e-100, 1e-30, 1e-10, 1e-5, 0.005, 0.025, 0.05, 0.2, 0.4, 0.6, 0.975, 0.999))
  out <- c(out, row("normalQuantile", p, 0, 0, qnorm(p)))
for (df in c(1, 1.5, 2, 3.7, 10, 47.3, 199, 201, 1234.5, 90187.2, 1e6, 1e9)) {
  for (t in c(0.01, 0.5, 0.99, 1.01, 1.7, 2, 3, 5, 8, 15, 25, 36)) {
    r <- pt(t, df, lower.tail = FALSE)
    if (r > 1e-300) out <- c(out, row("studentSF", t, df, 0, r))
  }
  for (p in c(0.4, 0.1, 0.025, 0.005, 1e-4, 1e-10, 1e-30))
    out <- c(out, row("studentUpper", p, df, 0, qt(p, df, lower.tail = FALSE)))
}
for (df in c(1, 2, 3, 7, 31, 100, 999))
  for (m in c(0.1, 0.5, 1, 2, 5)) {
    out <- c(out, row("chiSquareSF", df * m, df, 0, pchisq(df * m, df, lower.tail = FALSE)))
  }
for (x in c(50, 200, 700, 1300)) out <- c(out, row("chiSquareSF", x, 1, 0, pchisq(x, 1, lower.tail = FALSE)))
for (ab in list(c(1, 1), c(0.5, 0.5), c(2, 5), c(30, 1), c(201, 802), c(20035, 24667), c(8503, 36199), c(1e6, 2e6), c(3, 1e5))) {
  a <- ab[1]; b <- ab[2]; m <- a / (a + b); s <- sqrt(m * (1 - m) / (a + b + 1))
  for (k in c(-6, -3, -1, -0.2, 0.3, 1, 2.5, 6)) {
    x <- m + k * s
    if (x > 0 && x < 1) {
      out <- c(out, row("betaBelow", x, a, b, pbeta(x, a, b)), row("betaAbove", x, a, b, pbeta(x, a, b, lower.tail = FALSE)))
    }
  }
  for (p in c(1e-6, 0.025, 0.5, 0.975)) out <- c(out, row("betaQuantile", p, a, b, qbeta(p, a, b)))
}
cat("[\n", paste(out, collapse = ",\n"), "\n]\n", sep = "")
