// row: K1
// tries: the internet, by name and by address
// expect: ok
// result: []
// denied: socket
const attempts = ['http://1.1.1.1', 'http://169.254.169.254/latest/meta-data/', 'http://[::1]/', 'http://example.com'].map((address) => fetch(address).then(() => address, () => null));
attempts.push(new Promise((resolve) => require('dns').resolve4('example.com', (error) => resolve(error ? null : 'resolved'))));
attempts.push(new Promise((resolve) => {
  try {
    require('dgram').createSocket('udp4').on('error', () => resolve(null)).send('x', 53, '1.1.1.1', (error) => resolve(error ? null : 'sent'));
  } catch {
    resolve(null);
  }
}));
return (await Promise.all(attempts)).filter(Boolean);
