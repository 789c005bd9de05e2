/**
 * ln of the Bayes factor of "the mean is off by N(0, tau2 s2)" against "it is not", from a t statistic over n values
 * with nu degrees of freedom (Gonen et al. 2005); an e-process under optional stopping (Hendriksen, de Heide &
 * Grunwald 2021). `tSquared` is the square of the t statistic; Infinity where the values did not scatter at all.
 */
export function tMixtureLogE(tSquared: number, n: number, nu: number, tau2: number): number {
  const a = 1 + n * tau2;
  if (tSquared === Infinity) return (nu / 2) * Math.log(a);
  return -Math.log(a) / 2 + ((nu + 1) / 2) * (Math.log1p(tSquared / nu) - Math.log1p(tSquared / (nu * a)));
}

/**
 * Half width of the confidence sequence that inverts `tMixtureLogE` at two-sided level alpha2, for standard deviation s
 * of one value. Infinity while there are too few values for any bound.
 */
export function tMixtureHalfWidth(input: { s: number; n: number; nu: number; alpha2: number; tau2: number }): number {
  const { s, n, nu, alpha2, tau2 } = input;
  if (n <= 0 || nu <= 0) return Infinity;
  const a = 1 + n * tau2;
  const k = (Math.sqrt(a) / alpha2) ** (2 / (nu + 1));
  if (k >= a) return Infinity;
  return (s / Math.sqrt(n)) * Math.sqrt((nu * (k - 1)) / (1 - k / a));
}
