/** What `ostro simulate` was told, defaults filled in. */
export interface SimulateOptions {
  readonly datacenter: string;
  readonly out: string;
  readonly json?: boolean;
  readonly seed: number;
  readonly budget?: number;
  readonly workers?: number;
}
