import { ApiError } from '../../src/kube/errors.ts';
import { breakEveryWrite } from './broken-writes.ts';

breakEveryWrite({
  'refused with 500': new ApiError(500, 'InternalError', 'etcd has no leader'),
  'refused with 409': new ApiError(409, 'Conflict', 'the object has been modified'),
  'its answer lost': { after: new ApiError(0, 'ECONNRESET', 'the connection broke before the answer') },
});
