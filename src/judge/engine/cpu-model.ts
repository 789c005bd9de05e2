/**
 * What stable burns at a given load: cores = idle + c * requests per second of one pod, by least squares over batches
 * of stable pods, neither part below 0. Plain CPU per request would call every canary with little traffic expensive.
 */
export class CpuModel {
  #n = 0;
  #x = 0;
  #y = 0;
  #xx = 0;
  #xy = 0;

  add(requestsPerSecond: number, cores: number): void {
    this.#n += 1;
    this.#x += requestsPerSecond;
    this.#y += cores;
    this.#xx += requestsPerSecond ** 2;
    this.#xy += requestsPerSecond * cores;
  }

  /** The load varied enough (by 5 % and more) to tell idle cost from cost per request. */
  get identified(): boolean {
    if (this.#n < 10) return false;
    const mean = this.#x / this.#n;
    return mean > 0 && this.#xx / this.#n - mean ** 2 > (0.05 * mean) ** 2;
  }

  /** Cores that one stable pod burns at this load; null before the first batch. */
  expected(requestsPerSecond: number): number | null {
    if (this.#n === 0) return null;
    const meanX = this.#x / this.#n;
    const meanY = this.#y / this.#n;
    const sxx = this.#xx - this.#n * meanX ** 2;
    const slope = sxx > 0 ? (this.#xy - this.#n * meanX * meanY) / sxx : 0;
    if (slope <= 0) return meanY;
    const idle = meanY - slope * meanX;
    if (idle >= 0) return idle + slope * requestsPerSecond;
    return (this.#xy / this.#xx) * requestsPerSecond;
  }
}
