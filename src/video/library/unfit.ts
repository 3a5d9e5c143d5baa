/** Why a visit is left to ffmpeg's command line: everything but a sound video whose every frame came in silence. */
export class Unfit extends Error {
  override readonly name = 'Unfit';
}
