/* Any sound that the browser can decode as the WAV file that a telephone greeting is made of. */
const RATE = 8000;
const LONGEST_S = 120;

/** A Blob of 16-bit WAV, one channel at 8,000 samples a second; throws where the file is no sound or too long. */
export async function wavOf(file) {
  const decoder = new OfflineAudioContext(1, 1, RATE);
  const decoded = await decoder.decodeAudioData(await file.arrayBuffer());
  if (decoded.duration > LONGEST_S) throw new Error("too long");
  const drawn = new OfflineAudioContext(1, Math.max(1, Math.ceil(decoded.duration * RATE)), RATE);
  const source = new AudioBufferSourceNode(drawn, { buffer: decoded });
  source.connect(drawn.destination);
  source.start();
  const samples = (await drawn.startRendering()).getChannelData(0);
  const view = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const text = (at, words) => { for (let n = 0; n < words.length; n += 1) view.setUint8(at + n, words.charCodeAt(n)); };
  text(0, "RIFF");
  view.setUint32(4, 36 + samples.length * 2, true);
  text(8, "WAVEfmt ");
  [[16, 16, 4], [20, 1, 2], [22, 1, 2], [24, RATE, 4], [28, RATE * 2, 4], [32, 2, 2], [34, 16, 2]].forEach(([at, value, size]) => (size === 4 ? view.setUint32(at, value, true) : view.setUint16(at, value, true)));
  text(36, "data");
  view.setUint32(40, samples.length * 2, true);
  samples.forEach((value, n) => view.setInt16(44 + n * 2, Math.max(-1, Math.min(1, value)) * 32767, true));
  return new Blob([view.buffer], { type: "audio/wav" });
}
